// SPDX-License-Identifier: Apache-2.0
#include "tools/gen/checker.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "core/catalogue/case_line.hpp"
#include "core/catalogue/nearest.hpp"
#include "core/catalogue/profile.hpp"
#include "tools/gen/check_expressions.hpp"
#include "tools/gen/op_view.hpp"
#include "tools/gen/patterns.hpp"
#include "tools/gen/schema_text.hpp"
#include "tools/gen/vocabulary.hpp"

namespace fg::gen {
namespace {

bool is_identifier(const std::string& s) {
  return !s.empty() && std::islower(static_cast<unsigned char>(s[0])) != 0 && s.find("__") == std::string::npos &&
         std::all_of(s.begin(), s.end(),
                     [](unsigned char c) { return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_'; });
}

class OpCheck {
 public:
  OpCheck(const Op& op, Diagnostics& diagnostics) : op_(op), diagnostics_(diagnostics) {}
  void all() {
    names();
    for (const Arg& a : op_.args) argument(a);
    forms();
    outputs();
    shapes();
    profile();
    formula();
    check_expressions(op_, diagnostics_);
  }
  void lines();

 private:
  template <class... A>
  void error(const Where& where, fmt::format_string<A...> format, A&&... a) {
    diagnostics_.error(where, fmt::format(format, std::forward<A>(a)...));
  }
  void names();
  void argument(const Arg& a);
  void same_as(const Arg& a);
  void forms();
  void outputs();
  void shapes();
  void pattern(const Where& where, const std::string& text);
  void profile();
  void formula();
  void line(const core::OpInfo& info, const Where& where, const std::string& text, bool layouts);

  const Op& op_;
  Diagnostics& diagnostics_;
};

void OpCheck::names() {
  // Names that C functions of fg.h or the engine operators have.
  static const std::set<std::string> kTaken{"map",      "reduce",  "scan",  "call",   "init",
                                            "shutdown", "version", "stats", "enable", "fallbacks"};
  if (!is_identifier(op_.name))
    error(op_.where, "'{}' is no name for an operator, expected lower case letters, digits and '_'", op_.name);
  if (kTaken.count(op_.name) != 0) error(op_.where, "the name '{}' is taken by the C API", op_.name);
  if (op_.name.ends_with("_out"))
    error(op_.where, "'{}' ends in '_out', which names the form that writes into given tensors", op_.name);
  if (op_.summary.empty() || !op_.summary.ends_with('.'))
    error(op_.where, "summary of {} must be a sentence that ends with '.'", op_.name);
  for (const Out& o : op_.outs) {
    if (!is_identifier(o.name)) error(o.where, "'{}' is no name for an output of {}", o.name, op_.name);
  }
}

void OpCheck::same_as(const Arg& a) {
  if (a.same_as.empty()) return;
  const int i = op_.arg_index(a.same_as);
  std::vector<std::string> names;
  for (const Arg& other : op_.args) {
    if (other.is_tensor() && other.name != a.name && other.same_as.empty()) names.push_back(other.name);
  }
  if (i < 0 || std::find(names.begin(), names.end(), a.same_as) == names.end()) {
    error(a.where, "class of {} names '{}', expected a tensor argument of {} with a class of its own{}", a.name,
          a.same_as, op_.name, core::did_you_mean(a.same_as, names));
  }
}

void OpCheck::argument(const Arg& a) {
  if (!is_identifier(a.name)) error(a.where, "'{}' is no name for an argument of {}", a.name, op_.name);
  same_as(a);
  if (a.min && a.max && *a.min > *a.max) error(a.where, "min of {} is {}, above its max {}", a.name, *a.min, *a.max);
  if (a.has_default && a.default_value.kind != FG_SCALAR_NONE && a.type != ArgType::enum_) {
    const double value =
        a.default_value.kind == FG_SCALAR_FLOAT ? a.default_value.v.f : static_cast<double>(a.default_value.v.i);
    if ((a.min && value < *a.min) || (a.max && value > *a.max))
      error(a.where, "default of {} is {}, outside its min and max", a.name, value);
  }
  const auto same_type = [&](const Arg& other) { return other.type == a.type; };
  const bool alone = a.type == ArgType::generator || a.type == ArgType::tensor_list;
  if (alone && std::count_if(op_.args.begin(), op_.args.end(), same_type) > 1) {
    error(a.where, "{} has several arguments of type {}, at most one is possible", op_.name,
          kArgTypes[static_cast<std::size_t>(a.type)]);
  }
  if (a.type == ArgType::enum_ && a.enum_names.empty()) error(a.where, "enum of {} has no values", a.name);
  if (a.type == ArgType::enum_ && !a.has_default) error(a.where, "enum {} has no default", a.name);
}

void OpCheck::forms() {
  const Arg* first = op_.args.empty() ? nullptr : &op_.args.front();
  if (op_.inplace && (first == nullptr || first->type != ArgType::tensor)) {
    error(op_.where, "{} has an in-place form, its first argument must be a tensor", op_.name);
  }
  for (std::size_t i = 1; i < op_.args.size(); ++i) {
    if (op_.args[i].written)
      error(op_.args[i].where, "{} is written by {}, expected it as the first argument", op_.args[i].name, op_.name);
  }
  const bool writes = first != nullptr && first->written;
  if (writes && (op_.functional || op_.out_form || !op_.inplace))
    error(op_.where, "{} writes a given tensor, expected forms: [inplace]", op_.name);
  const bool named = op_.name.ends_with('_');
  if (writes && !named) error(op_.where, "{} writes a given tensor, expected a name that ends in '_'", op_.name);
  if (named && !writes) error(op_.where, "{} ends in '_', expected an output that is 'given'", op_.name);
  if (!op_.functional && !op_.inplace && !op_.out_form) error(op_.where, "{} has no form", op_.name);
  if (op_.kind == Kind::view && (op_.inplace || op_.out_form))
    error(op_.where, "{} is a view, expected forms: [functional]", op_.name);
}

void OpCheck::outputs() {
  std::set<std::string> seen;
  if (op_.outs.empty()) error(op_.where, "{} has no output", op_.name);
  for (const Out& o : op_.outs) {
    if (!seen.insert(o.name).second) error(o.where, "{} has two outputs named '{}'", op_.name, o.name);
    const bool promotes = op_.variants.front().promote != Promote::none;
    if (o.rule == DtypeRule::promoted && !promotes)
      error(o.where, "dtype of {} is promoted, but {} has no 'promote'", o.name, op_.name);
  }
}

void OpCheck::pattern(const Where& where, const std::string& text) {
  std::string message;
  compile_pattern(op_, text, message);
  if (!message.empty()) error(where, "{}: {}", op_.name, message);
}

void OpCheck::shapes() {
  const bool named = op_.kind == Kind::kernel || op_.kind == Kind::composite;
  const bool writes = !op_.args.empty() && op_.args.front().written;
  bool any = !op_.shape_rule.empty() || writes;
  for (const Out& o : op_.outs) any = any || !o.shape.empty();
  if (named && !any)
    error(op_.where, "{} is of kind {} and has no 'shape'", op_.name, kKinds[static_cast<std::size_t>(op_.kind)]);
  if (symbols_of(op_).size() > 8) error(op_.where, "{} has more than 8 names of lengths", op_.name);
  std::string inputs;
  for (const Arg& a : op_.args) {
    pattern(a.where, a.shape);
    inputs += "," + a.shape;
  }
  for (const Out& o : op_.outs) {
    pattern(o.where, o.shape);
    std::string ignored;
    const core::ShapePattern p = compile_pattern(op_, o.shape, ignored);
    const std::vector<std::string> symbols = symbols_of(op_);
    for (int e = 0; e < p.n; ++e) {
      const std::string name =
          p.entry[e] == core::ShapePattern::kRest ? "..." : symbols[static_cast<std::size_t>(p.entry[e])];
      if (inputs.find(name) == std::string::npos)
        error(o.where, "shape of {} has '{}', which no input of {} has", o.name, name, op_.name);
    }
    if (any && op_.shape_rule.empty() && o.shape.empty() && named && !writes) {
      error(o.where, "output {} of {} has no shape", o.name, op_.name);
    }
  }
}

void OpCheck::profile() {
  if (!core::is_profile(op_.profile)) {
    error(op_.where, "profile '{}' of {} is not one of {}{}", op_.profile, op_.name, fmt::join(core::kProfiles, ", "),
          core::did_you_mean(op_.profile, core::kProfiles));
  }
}

void OpCheck::formula() {
  std::vector<std::string> names = symbols_of(op_);
  names.emplace_back("numel");
  std::string word;
  for (const char c : op_.flops + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
      word += c;
      continue;
    }
    if (!word.empty() && std::isdigit(static_cast<unsigned char>(word[0])) == 0 &&
        std::find(names.begin(), names.end(), word) == names.end()) {
      error(op_.where, "flops of {} names '{}', expected one of {}{}", op_.name, word, fmt::join(names, ", "),
            core::did_you_mean(word, names));
    }
    word.clear();
    if (std::string_view(" +-*/()").find(c) == std::string_view::npos)
      error(op_.where, "flops of {} has '{}', expected + - * / ( )", op_.name, c);
  }
}

void OpCheck::line(const core::OpInfo& info, const Where& where, const std::string& text, bool layouts) {
  const auto values = core::parse_case(info, text);
  if (!values) return error(where, "case of {}: {}", op_.name, values.error().message);
  if (!layouts &&
      std::any_of(values->args.begin(), values->args.end(), [](const core::CaseArg& a) { return a.any_transposed(); }))
    error(where, "case of {}: '{}' asks for a layout, which the suite chooses; only bench lines may", op_.name, text);
  std::vector<core::Shape> outs(op_.outs.size());
  const auto done = core::infer_case(info, *values, outs);
  // Views have shape rules of their own; their arguments were checked.
  if (!done && done.error().status != FG_E_UNSUPPORTED) error(where, "case of {}: {}", op_.name, done.error().message);
}

void OpCheck::lines() {
  const OpView view(op_);
  for (const Case& c : op_.cases) line(view.info(), c.where, c.text, false);
  for (const Text& b : op_.bench) line(view.info(), b.where, b.text, true);
  const bool quick = std::any_of(op_.cases.begin(), op_.cases.end(), [](const Case& c) { return c.tier == "quick"; });
  if (!quick) error(op_.where, "{} has no case of the tier quick", op_.name);
}

// No two operators may share what names or identifies them.
void check_unique(const Catalogue& catalogue, Diagnostics& diagnostics) {
  std::map<std::string, std::string> stems, overloads;
  std::map<std::uint64_t, std::string> uids;
  for (const Op& op : catalogue.ops) {
    const auto claim = [&](auto& taken, const auto& key, std::string_view what) {
      const auto [it, fresh] = taken.emplace(key, op.name);
      if (!fresh)
        diagnostics.error(op.where, fmt::format("{} and another operator{} have the same {}", op.name,
                                                it->second == op.name ? "" : " (" + it->second + ")", what));
    };
    claim(stems, stem(op.name), "name");
    claim(uids, op.uid, "uid");
    for (const std::string& a : op.aten) claim(overloads, "aten::" + a, "ATen overload " + a);
    for (const std::string& g : op.gems) claim(overloads, "gems::" + g, "FlagGems name " + g);
  }
}

}  // namespace

void check(Catalogue& catalogue, Diagnostics& diagnostics) {
  for (Op& op : catalogue.ops) {
    op.uid = hash64(op.name);
    op.schema_hash = hash64(schema_text(op));
    const std::size_t before = diagnostics.size();
    OpCheck check(op, diagnostics);
    check.all();
    // The core's rules read only what is sound.
    if (diagnostics.size() == before) check.lines();
  }
  check_unique(catalogue, diagnostics);
}

}  // namespace fg::gen
