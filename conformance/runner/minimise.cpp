// SPDX-License-Identifier: Apache-2.0

#include "conformance/runner/minimise.hpp"

#include <algorithm>
#include <set>

#include "conformance/cases/plan.hpp"

namespace fg::conformance {
namespace {

// Lengths to try in place of `n`, smallest first: 1, 2, 3, then ever closer to n.
std::vector<std::int64_t> lengths_below(std::int64_t n) {
  std::set<std::int64_t> lengths;
  for (const std::int64_t m : {1, 2, 3}) lengths.insert(m);
  for (std::int64_t step = n / 2; step > 0; step /= 2) lengths.insert(n - step);
  lengths.erase(lengths.lower_bound(n), lengths.end());
  return {lengths.begin(), lengths.end()};
}

template <class F>
void each_tensor(Case& c, F&& f) {
  for (ArgSpec& a : c.args) {
    for (TensorSpec& t : a.tensors) f(t);
  }
}

class Minimiser {
 public:
  Minimiser(Case c, const std::function<Verdict(const Case&)>& judge, int budget)
      : best_(std::move(c)), op_(core::find_op(best_.op)), judge_(judge), budget_(budget) {}

  Case run() {
    if (op_ == nullptr || !is_operator_area(best_.area) || best_.bad || budget_ < 1) return best_;
    --budget_;
    seen_.insert(name_of(best_));
    target_ = judge_(best_);
    if (passes(target_)) return best_;
    bool smaller = true;
    while (smaller && budget_ > 0) {
      smaller = false;
      for (const auto pass : {&Minimiser::shapes, &Minimiser::layouts, &Minimiser::values, &Minimiser::parameters}) {
        while (budget_ > 0 && (this->*pass)()) smaller = true;
      }
    }
    return best_;
  }

 private:
  // Takes the candidate when it is a new case with the same verdict.
  bool attempt(Case candidate) {
    if (budget_ < 1 || !is_legal(*op_, candidate) || !seen_.insert(name_of(candidate)).second) return false;
    --budget_;
    if (judge_(candidate) != target_) return false;
    best_ = std::move(candidate);
    return true;
  }

  // --- each pass takes one step, and says whether it did ---

  // A view's arguments fit its shape in ways that only its own rule knows; so do those of slice_scatter,
  // slice_backward and their like.
  bool is_view() const {
    const core::OpInfo* op = op_;
    for (const std::string_view suffix : {"_scatter", "_backward"}) {
      if (!op_->name.ends_with(suffix)) continue;
      if (const auto* part = core::find_op(op_->name.substr(0, op_->name.size() - suffix.size()))) op = part;
    }
    return op->kind == core::Kind::view;
  }

  bool shapes() {
    if (is_view()) return false;
    return fewer_dimensions() || shorter_everywhere() || shorter_somewhere() || fewer_tensors();
  }

  // Without the first dimension of the tensors of the greatest rank.
  bool fewer_dimensions() {
    std::size_t rank = 0;
    each_tensor(best_, [&](const TensorSpec& t) { rank = std::max(rank, t.shape.size()); });
    if (rank == 0) return false;
    Case c = best_;
    each_tensor(c, [&](TensorSpec& t) {
      if (t.shape.size() == rank) t.shape.erase(t.shape.begin());
    });
    return attempt(std::move(c));
  }

  // A length that several tensors share must shrink in all of them.
  bool shorter_everywhere() {
    std::set<std::int64_t, std::greater<>> lengths;
    each_tensor(best_, [&](const TensorSpec& t) { lengths.insert(t.shape.begin(), t.shape.end()); });
    for (const std::int64_t n : lengths) {
      for (const std::int64_t m : lengths_below(n)) {
        Case c = best_;
        each_tensor(c, [&](TensorSpec& t) { std::replace(t.shape.begin(), t.shape.end(), n, m); });
        for (std::size_t i = 0; i < c.args.size(); ++i) {
          if (op_->args[i].type == core::ArgType::sizes)
            std::replace(c.args[i].dims.begin(), c.args[i].dims.end(), n, m);
        }
        if (attempt(std::move(c))) return true;
      }
    }
    return false;
  }

  // Lengths that are equal by chance, or that one tensor alone has.
  bool shorter_somewhere() {
    for (std::size_t i = 0; i < best_.args.size(); ++i) {
      for (std::size_t k = 0; k < best_.args[i].tensors.size(); ++k) {
        const Shape shape = best_.args[i].tensors[k].shape;
        for (std::size_t d = 0; d < shape.size(); ++d) {
          for (const std::int64_t m : lengths_below(shape[d])) {
            Case c = best_;
            c.args[i].tensors[k].shape[d] = m;
            if (attempt(std::move(c))) return true;
          }
        }
      }
    }
    return false;
  }

  bool fewer_tensors() {
    for (std::size_t i = 0; i < best_.args.size(); ++i) {
      if (best_.args[i].tensors.size() < 2) continue;
      Case c = best_;
      c.args[i].tensors.pop_back();
      if (attempt(std::move(c))) return true;
    }
    return false;
  }

  bool layouts() {
    for (std::size_t i = 0; i < best_.args.size(); ++i) {
      for (std::size_t k = 0; k < best_.args[i].tensors.size(); ++k) {
        Case c = best_;
        c.args[i].tensors[k].layout = Layout::dense;
        if (attempt(std::move(c))) return true;
      }
    }
    return false;
  }

  bool values() {
    for (const Values simpler : {Values::exact, Values::real}) {
      if (best_.values <= simpler) break;
      Case c = best_;
      c.values = simpler;
      if (attempt(std::move(c))) return true;
    }
    return false;
  }

  bool parameters() {
    Case c = best_;
    c.number = 0;
    if (attempt(c)) return true;
    c = best_;
    c.form = Form::fresh;
    if (attempt(c)) return true;
    for (std::size_t i = 0; i < best_.args.size() && !is_view(); ++i) {
      if (simpler_argument(i)) return true;
    }
    return false;
  }

  // Numbers may be lengths, and there is no position in a length of 0.
  bool has_positions() const {
    return std::ranges::any_of(op_->args, [](const core::ArgInfo& a) { return a.index; });
  }

  // Left out, else 0 or 1.
  bool simpler_argument(std::size_t i) {
    const ArgSpec& now = best_.args[i];
    if (now.kind == ArgSpec::Kind::absent) return false;
    std::vector<ArgSpec> simpler;
    if (op_->args[i].optional || op_->args[i].has_default) simpler.emplace_back();
    const fg_scalar& x = now.number;
    const bool real = x.kind == FG_SCALAR_FLOAT;
    if (now.kind == ArgSpec::Kind::number && x.kind != FG_SCALAR_BOOL) {
      for (const std::int64_t simple : {0, 1}) {
        if (real ? x.v.f == static_cast<double>(simple) : x.v.i == simple) break;
        if (simple == 0 && has_positions()) continue;
        simpler.push_back(real ? ArgSpec::of_float(static_cast<double>(simple)) : ArgSpec::of_int(simple));
      }
    }
    return std::any_of(simpler.begin(), simpler.end(), [&](const ArgSpec& a) {
      Case c = best_;
      c.args[i] = a;
      return attempt(std::move(c));
    });
  }

  Case best_;
  const core::OpInfo* op_;
  const std::function<Verdict(const Case&)>& judge_;
  int budget_;
  Verdict target_ = Verdict::pass;
  std::set<std::string> seen_;
};

}  // namespace

Case minimise(const Case& c, const std::function<Verdict(const Case&)>& judge, int budget) {
  return Minimiser(c, judge, budget).run();
}

}  // namespace fg::conformance
