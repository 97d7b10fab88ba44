// SPDX-License-Identifier: Apache-2.0
//
// What a device and a claim declare about their arithmetic, on which the oracle's intervals depend.
//
// Flushing belongs to operations: each may read a subnormal f32 as zero of its sign, one operand and not the other
// too, and give such a zero in place of one.  What is legal is the hull over all readings, NaN with it: 0 / 0.
// Moving an element is no operation, so copies stay exact, also on a device that flushes.

#ifndef FG_CONFORMANCE_REFERENCE_DECLARED_HPP_
#define FG_CONFORMANCE_REFERENCE_DECLARED_HPP_

#include <string_view>

#include "conformance/reference/value.hpp"

namespace fg::reference {

// How sums of products are accumulated: accuracy classes, numbered as in the contract.
enum class SumClass : std::uint8_t { standard, f32_rz, f16, tf32 };
std::string_view name(SumClass c);  // empty for the standard one

// The strictest unless somebody declares less.
struct Arithmetic {
  bool subnormals = true;  // those of f32 are kept
  SumClass sums = SumClass::standard;
};

// Sets what this thread evaluates with until the end of the scope.  Not a parameter: every rounding
// asks, below all operators' functions and the expression language's tables of them, and none of
// those in between would do more than hand it on.
class ArithmeticScope {
 public:
  explicit ArithmeticScope(const Arithmetic& a) : before_(current_) { current_ = a; }
  ~ArithmeticScope() { current_ = before_; }
  ArithmeticScope(const ArithmeticScope&) = delete;
  ArithmeticScope& operator=(const ArithmeticScope&) = delete;

 private:
  friend const Arithmetic& arithmetic();
  static constinit inline thread_local Arithmetic current_{};
  Arithmetic before_;
};
inline const Arithmetic& arithmetic() { return ArithmeticScope::current_; }

// Whether an operation may take x, a number of `type`, for zero.
bool may_flush(Ct type, Real x);
// The interval with zero beside what may be flushed: an operand as it is read, or a result.
Value flushed(Value v);
// The most that one operation loses to flushing: of an operand and of its result.
Real flush_loss(Ct type);
// What `v`, read from `from`, may be stored as in `to`: a conversion is an operation.
Value converted(const Value& v, Type from, Type to);

}  // namespace fg::reference

#endif  // FG_CONFORMANCE_REFERENCE_DECLARED_HPP_
