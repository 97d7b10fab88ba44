// SPDX-License-Identifier: Apache-2.0
//
// A case as a C program, for a vendor's debugger and for reports to a vendor.

#ifndef FG_CONFORMANCE_REPORT_EMIT_C_HPP_
#define FG_CONFORMANCE_REPORT_EMIT_C_HPP_

#include <string>
#include <string_view>

#include "conformance/cases/case.hpp"

namespace fg::conformance {

// A program over fg/fg.h that links libfg_core alone: it holds the case's data, makes the tensors in the
// case's layouts, calls the operator and compares with what the oracle allows, of which it holds at most
// 65536 elements per output.  Its argument names the device ("cpu"); it leaves with 0 when all is legal.
// FG_E_INVALID for cases that are no call of an operator, or that the oracle does not know.
Result<std::string> emit_c(const Case& c);

namespace emitted {
// emit_c_runtime.cpp: what every such program shares.
std::string_view runtime();
}  // namespace emitted

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_REPORT_EMIT_C_HPP_
