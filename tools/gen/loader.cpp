// SPDX-License-Identifier: Apache-2.0
#include "tools/gen/loader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "core/catalogue/nearest.hpp"
#include "tools/gen/load_arguments.hpp"
#include "tools/gen/reader.hpp"
#include "tools/gen/vocabulary.hpp"

namespace fg::gen {
namespace {

const std::initializer_list<std::string_view> kOpKeys = {
    "op",      "kind",    "version",      "summary", "source",          "in",    "attrs",    "call_order", "out",
    "forms",   "promote", "promote_over", "common",  "scalar_operands", "expr",  "prologue", "monoid",     "epilogue",
    "empty",   "dynamic", "shape",        "flops",   "cases",           "bench", "errors",   "aten",       "gems",
    "profile", "unread",  "without"};

std::vector<Text> texts_at(const Source& source, const YAML::Node& node, std::string_view what) {
  std::vector<Text> out;
  const auto add = [&](const YAML::Node& item) {
    if (auto text = read_text(source, item, what)) out.push_back({source.at(item), *text});
  };
  if (node.IsSequence()) {
    for (const YAML::Node& item : node) add(item);
  } else {
    add(node);
  }
  return out;
}

// A field that holds one value, or one per value of an enum attribute.
struct Field {
  std::string_view key;
  const YAML::Node* node = nullptr;
  bool by_variant() const { return node != nullptr && node->IsMap(); }
  YAML::Node of(const std::string& variant) const {
    if (node == nullptr) return YAML::Node(YAML::NodeType::Undefined);
    return by_variant() ? (*node)[variant] : *node;
  }
};

class OpLoader {
 public:
  OpLoader(const Source& source, const YAML::Node& node) : source_(source), node_(node) {}
  Op load(const std::string& family);

 private:
  void load_forms(const Mapping& map);
  void load_order(const Mapping& map);
  void load_programs(const Mapping& map);
  Variant load_variant(const std::string& name, const Field& promote, const Field& common, const Field& prologue,
                       const Field& expr);
  void load_without(const Mapping& map);
  void find_variant_arg(const std::vector<Field>& fields);
  void load_shapes(const Mapping& map);
  void mark(const Mapping& map, std::string_view key, bool Arg::*member);

  const Source& source_;
  const YAML::Node& node_;
  Op op_;
};

// A tensor argument named by the list `key`.
void OpLoader::mark(const Mapping& map, std::string_view key, bool Arg::*member) {
  for (const std::string& name : map.texts(key)) {
    const int i = op_.arg_index(name);
    if (i >= 0 && op_.args[static_cast<std::size_t>(i)].is_tensor()) {
      op_.args[static_cast<std::size_t>(i)].*member = true;
    } else {
      std::vector<std::string> names;
      for (const Arg& a : op_.args) {
        if (a.is_tensor()) names.push_back(a.name);
      }
      source_.error(*map.find(key), fmt::format("'{}' names '{}', which is no tensor argument of {}{}", key, name,
                                                op_.name, core::did_you_mean(name, names)));
    }
  }
}

void OpLoader::load_forms(const Mapping& map) {
  const YAML::Node* node = map.find("forms");
  if (node == nullptr) {
    const Arg* first = op_.args.empty() ? nullptr : &op_.args.front();
    op_.functional = true;
    op_.out_form = op_.kind != Kind::view && !op_.dynamic;
    op_.inplace = op_.kind == Kind::map && first != nullptr && first->type == ArgType::tensor && op_.outs.size() == 1;
    return;
  }
  for (const std::string& form : read_texts(source_, *node, "forms")) {
    const auto which = choose(source_, *node, form, {"functional", "inplace", "out"}, "form");
    if (which == 0u) op_.functional = true;
    if (which == 1u) op_.inplace = true;
    if (which == 2u) op_.out_form = true;
  }
}

void OpLoader::load_order(const Mapping& map) {
  const YAML::Node* node = map.find("call_order");
  if (node == nullptr) return;
  const std::vector<std::string> order = read_texts(source_, *node, "call_order");
  std::vector<Arg> sorted;
  for (const std::string& name : order) {
    const int i = op_.arg_index(name);
    if (i < 0) {
      source_.error(*node, fmt::format("call_order names '{}', which is no argument of {}", name, op_.name));
      return;
    }
    sorted.push_back(op_.args[static_cast<std::size_t>(i)]);
  }
  if (sorted.size() != op_.args.size()) {
    source_.error(
        *node, fmt::format("call_order has {} names, {} has {} arguments", sorted.size(), op_.name, op_.args.size()));
    return;
  }
  op_.args = std::move(sorted);
}

void OpLoader::find_variant_arg(const std::vector<Field>& fields) {
  for (const Field& field : fields) {
    if (!field.by_variant()) continue;
    std::set<std::string> keys;
    for (const auto& pair : *field.node) keys.insert(pair.first.Scalar());
    const auto fits = [&](const Arg& a) {
      return a.type == ArgType::enum_ && std::set<std::string>(a.enum_names.begin(), a.enum_names.end()) == keys;
    };
    const auto it = std::find_if(op_.args.begin(), op_.args.end(), fits);
    if (it == op_.args.end()) {
      source_.error(*field.node, fmt::format("'{}' of {} has the keys {}, which are the values of no enum attribute",
                                             field.key, op_.name, fmt::join(keys, ", ")));
    } else if (!op_.variant_arg.empty() && op_.variant_arg != it->name) {
      source_.error(*field.node, fmt::format("'{}' of {} depends on {}, another field on {}", field.key, op_.name,
                                             it->name, op_.variant_arg));
    } else {
      op_.variant_arg = it->name;
    }
  }
}

Variant OpLoader::load_variant(const std::string& name, const Field& promote, const Field& common,
                               const Field& prologue, const Field& expr) {
  Variant v;
  v.name = name;
  if (const YAML::Node node = promote.of(name); node.IsDefined()) {
    const std::string word = read_text(source_, node, "promote").value_or("none");
    const auto it = std::find(kPromotes.begin(), kPromotes.end(), word);
    if (it != kPromotes.end()) {
      v.promote = static_cast<Promote>(it - kPromotes.begin());
    } else {
      source_.error(node, fmt::format("promote '{}' is not one of {}{}", word, fmt::join(kPromotes, ", "),
                                      core::did_you_mean(word, kPromotes)));
    }
  }
  if (const YAML::Node node = common.of(name); node.IsDefined()) {
    v.common = read_dtype_set(source_, node, "common of " + op_.name);
  }
  if (const YAML::Node node = prologue.of(name); node.IsDefined()) {
    v.prologue = {source_.at(node), read_text(source_, node, "prologue").value_or("")};
  }
  if (const YAML::Node node = expr.of(name); node.IsDefined()) v.expr = texts_at(source_, node, expr.key);
  return v;
}

// Expressions for calls that leave an optional operand out: variants with the name of that operand.
void OpLoader::load_without(const Mapping& map) {
  const YAML::Node* node = map.find("without");
  if (node == nullptr) return;
  if (op_.kind != Kind::map || !op_.variant_arg.empty()) {
    source_.error(*node, fmt::format("'without' has no meaning for {}, expected a map whose expression depends on no "
                                     "enum attribute",
                                     op_.name));
    return;
  }
  const Mapping entries(source_, *node, "without of " + op_.name);
  for (const Mapping::Entry& e : entries.entries()) {
    const int i = op_.arg_index(e.key);
    const bool fits =
        i >= 0 && op_.args[static_cast<std::size_t>(i)].is_tensor() && op_.args[static_cast<std::size_t>(i)].optional;
    if (!fits) {
      source_.error(e.key_node, fmt::format("without names '{}', which is no optional tensor of {}", e.key, op_.name));
      continue;
    }
    Variant v = op_.variants.front();
    v.name = e.key;
    v.expr = texts_at(source_, e.value, "without");
    op_.variants.push_back(std::move(v));
  }
}

void OpLoader::load_programs(const Mapping& map) {
  const bool folds = op_.kind == Kind::reduce || op_.kind == Kind::scan;
  const Field promote{"promote", map.find("promote")};
  const Field common{"common", map.find("common")};
  const Field prologue{"prologue", map.find("prologue")};
  const Field expr{folds ? "epilogue" : "expr", map.find(folds ? "epilogue" : "expr")};
  find_variant_arg({promote, common, prologue, expr});
  const int i = op_.arg_index(op_.variant_arg);
  if (i < 0 || op_.args[static_cast<std::size_t>(i)].enum_names.empty()) {
    op_.variants.push_back(load_variant("", promote, common, prologue, expr));
  } else {
    for (const std::string& name : op_.args[static_cast<std::size_t>(i)].enum_names) {
      op_.variants.push_back(load_variant(name, promote, common, prologue, expr));
    }
  }
  load_without(map);
  if (const YAML::Node* node = map.find("monoid")) {
    op_.monoid = node->Scalar();
    if (std::find(kMonoids.begin(), kMonoids.end(), op_.monoid) == kMonoids.end()) {
      source_.error(*node, fmt::format("monoid '{}' is not one of {}{}", op_.monoid, fmt::join(kMonoids, ", "),
                                       core::did_you_mean(op_.monoid, kMonoids)));
    }
  }
  // Keys that belong to other kinds.
  for (const std::string_view key : {"expr", "prologue", "epilogue", "monoid", "empty"}) {
    const YAML::Node* node = map.find(key);
    const bool fits = key == "expr" ? op_.kind == Kind::map : folds || (key == "empty" && op_.kind == Kind::composite);
    if (node != nullptr && !fits) {
      source_.error(*node, fmt::format("'{}' has no meaning for {}, which is of kind {}", key, op_.name,
                                       kKinds[static_cast<std::size_t>(op_.kind)]));
    }
    if (node == nullptr && fits && key != "empty") {
      source_.error(node_, fmt::format("{} is of kind {} and has no '{}'", op_.name,
                                       kKinds[static_cast<std::size_t>(op_.kind)], key));
    }
  }
}

void OpLoader::load_shapes(const Mapping& map) {
  const YAML::Node* node = map.find("shape");
  if (node == nullptr) return;
  const Mapping shapes(source_, *node, "shape of " + op_.name);
  for (const Mapping::Entry& e : shapes.entries()) {
    const std::string text = read_text(source_, e.value, "shape of " + e.key).value_or("");
    if (e.key == "rule") {
      op_.shape_rule = text;
      if (std::find(kShapeRules.begin(), kShapeRules.end(), text) == kShapeRules.end()) {
        source_.error(e.value, fmt::format("shape rule '{}' is not one of {}{}", text, fmt::join(kShapeRules, ", "),
                                           core::did_you_mean(text, kShapeRules)));
      }
      continue;
    }
    bool known = false;
    for (Arg& a : op_.args) {
      if (a.is_tensor() && a.name == e.key) a.shape = text, known = true;
    }
    for (Out& o : op_.outs) {
      if (o.name == e.key) o.shape = text, known = true;
    }
    if (!known) {
      std::vector<std::string> names{"rule"};
      for (const Arg& a : op_.args) names.push_back(a.name);
      for (const Out& o : op_.outs) names.push_back(o.name);
      source_.error(e.key_node, fmt::format("shape names '{}', which is no tensor of {}{}", e.key, op_.name,
                                            core::did_you_mean(e.key, names)));
    }
  }
}

Op OpLoader::load(const std::string& family) {
  const std::string name =
      node_.IsMap() && node_["op"] && node_["op"].IsScalar() ? node_["op"].Scalar() : "an operator";
  const Mapping map(source_, node_, name, kOpKeys);
  op_.where = source_.at(node_);
  op_.family = family;
  map.require("op");
  op_.name = name;
  if (const YAML::Node* node = map.require("kind")) {
    const std::string word = read_text(source_, *node, "kind").value_or("");
    const auto which = choose(source_, *node, word, {"view", "map", "reduce", "scan", "kernel", "composite"}, "kind");
    if (which) op_.kind = static_cast<Kind>(*which);
  }
  map.require("summary");
  op_.summary = map.text("summary");
  op_.source = map.text("source");
  op_.profile = map.text("profile", "core");
  op_.flops = map.text("flops");
  op_.aten = map.texts("aten");
  op_.gems = map.texts("gems");
  op_.dynamic = map.flag("dynamic", false);
  if (const YAML::Node* node = map.find("version"))
    op_.version = static_cast<int>(read_int(source_, *node, "version").value_or(1));
  if (const YAML::Node* node = map.find("empty")) {
    op_.empty_error = choose(source_, *node, node->Scalar(), {"identity", "error"}, "empty") == 1u;
  }
  if (const YAML::Node* node = map.find("errors")) op_.errors = texts_at(source_, *node, "errors");
  load_inputs(source_, map, op_);
  load_attributes(source_, map, op_);
  load_order(map);
  mark(map, "scalar_operands", &Arg::scalar_ok);
  mark(map, "unread", &Arg::unread);
  load_programs(map);
  load_outputs(source_, map, op_);
  load_forms(map);
  const bool promotes = op_.variants.front().promote != Promote::none;
  if (map.has("promote_over")) {
    mark(map, "promote_over", &Arg::promotes);
  } else if (promotes) {
    for (Arg& a : op_.args) a.promotes = a.is_tensor() && !a.written && a.same_as.empty();
  }
  load_shapes(map);
  return op_;
}

struct Defaults {
  std::vector<Case> cases;
  std::vector<Text> bench;
};

std::vector<Case> load_cases(const Source& source, const YAML::Node& node) {
  std::vector<Case> out;
  const Mapping tiers(source, node, "cases", {"quick", "standard"});
  for (const Mapping::Entry& tier : tiers.entries()) {
    for (const Text& line : texts_at(source, tier.value, "case")) out.push_back({line.where, tier.key, line.text});
  }
  return out;
}

void load_file(const std::string& file, Diagnostics& diagnostics, Catalogue& catalogue) {
  const Source source{file, diagnostics};
  YAML::Node root;
  try {
    root = YAML::LoadFile(file);
  } catch (const YAML::BadFile&) {
    diagnostics.error({file, 0}, "cannot be read");
    return;
  } catch (const YAML::ParserException& e) {
    diagnostics.error({file, e.mark.line + 1}, fmt::format("not valid YAML: {}", e.msg));
    return;
  }
  const Mapping top(source, root, "the file", {"family", "defaults", "ops"});
  const std::string family = top.require("family") != nullptr ? top.text("family") : "";
  Defaults defaults;
  if (const YAML::Node* node = top.find("defaults")) {
    const Mapping map(source, *node, "defaults", {"cases", "bench"});
    if (const YAML::Node* cases = map.find("cases")) defaults.cases = load_cases(source, *cases);
    if (const YAML::Node* bench = map.find("bench")) defaults.bench = texts_at(source, *bench, "bench");
  }
  const YAML::Node* ops = top.require("ops");
  if (ops == nullptr) return;
  if (!ops->IsSequence()) return source.error(*ops, "'ops' must be a list of operators");
  for (const YAML::Node& node : *ops) {
    Op op = OpLoader(source, node).load(family);
    std::vector<Case> cases;
    std::vector<Text> bench;
    if (node.IsMap() && node["cases"]) cases = load_cases(source, node["cases"]);
    if (node.IsMap() && node["bench"]) bench = texts_at(source, node["bench"], "bench");
    take_defaults(op, defaults.cases, cases, defaults.bench, bench);
    catalogue.ops.push_back(std::move(op));
  }
}

}  // namespace

Catalogue load(const std::vector<std::string>& files, Diagnostics& diagnostics) {
  Catalogue catalogue;
  for (const std::string& file : files) load_file(file, diagnostics, catalogue);
  std::stable_sort(catalogue.ops.begin(), catalogue.ops.end(),
                   [](const Op& a, const Op& b) { return a.name < b.name; });
  return catalogue;
}

}  // namespace fg::gen
