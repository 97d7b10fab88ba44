// SPDX-License-Identifier: Apache-2.0
#include "tools/gen/rows.hpp"

#include <algorithm>

#include "tools/gen/vocabulary.hpp"

namespace fg::gen {
namespace {

std::vector<const Arg*> tensors_of(const Op& op) {
  std::vector<const Arg*> out;
  for (const Arg& a : op.args) {
    if (a.is_tensor()) out.push_back(&a);
  }
  return out;
}

class Rows {
 public:
  explicit Rows(const Op& op) : tensors_(tensors_of(op)), row_(tensors_.size()) {}
  std::vector<std::vector<fg_dtype>> all() {
    // Arguments with a class of their own first: `same(x)` may come before x.
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      if (tensors_[i]->same_as.empty()) order_.push_back(i);
    }
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      if (!tensors_[i]->same_as.empty()) order_.push_back(i);
    }
    choose(0);
    return rows_;
  }

 private:
  fg_dtype dtype_of(const std::string& name) const {
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      if (tensors_[i]->name == name) return row_[i];
    }
    return 0;
  }
  void choose(std::size_t k) {
    if (k == order_.size()) {
      rows_.push_back(row_);
      return;
    }
    const std::size_t i = order_[k];
    const Arg& a = *tensors_[i];
    const auto take = [&](fg_dtype d) {
      row_[i] = d;
      choose(k + 1);
    };
    fg_dtype same = a.same_as.empty() ? 0 : dtype_of(a.same_as);
    if (a.promotes) {
      for (std::size_t j = 0; j < k && same == 0; ++j) {
        if (tensors_[order_[j]]->promotes) same = row_[order_[j]];
      }
    }
    if (same != 0) take(same);
    if (same != 0 && a.promotes) return;
    for (const DtypeName& d : kDtypes) {
      if ((a.dtypes & dtype_bit(d.dtype)) != 0 && d.dtype != same) take(d.dtype);
    }
  }

  std::vector<const Arg*> tensors_;
  std::vector<fg_dtype> row_;
  std::vector<std::size_t> order_;
  std::vector<std::vector<fg_dtype>> rows_;
};

fg_dtype stat_dtype(fg_dtype d) { return d == FG_F16 || d == FG_BF16 ? FG_F32 : d; }

}  // namespace

std::vector<std::vector<fg_dtype>> input_rows(const Op& op) { return Rows(op).all(); }

std::vector<std::vector<fg_dtype>> dtype_rows(const Op& op) {
  const std::vector<const Arg*> tensors = tensors_of(op);
  std::vector<std::vector<fg_dtype>> out;
  for (const std::vector<fg_dtype>& in : input_rows(op)) {
    const auto of = [&](const std::string& name) {
      for (std::size_t i = 0; i < tensors.size(); ++i) {
        if (tensors[i]->name == name) return in[i];
      }
      return in.empty() ? fg_dtype{0} : in.front();
    };
    std::vector<fg_dtype> row;
    for (const Out& o : op.outs) {
      switch (o.rule) {
        case DtypeRule::fixed: row.push_back(o.dtype); break;
        case DtypeRule::stat: row.push_back(stat_dtype(of(o.arg))); break;
        case DtypeRule::same_as:
        case DtypeRule::given: row.push_back(of(o.arg)); break;
        default: row.push_back(in.empty() ? fg_dtype{0} : in.front()); break;
      }
    }
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      if (!tensors[i]->written) row.push_back(in[i]);
    }
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace fg::gen
