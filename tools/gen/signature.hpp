// SPDX-License-Identifier: Apache-2.0
//
// How an operator's arguments are spelled in the C and the C++ API.

#ifndef FG_TOOLS_GEN_SIGNATURE_HPP_
#define FG_TOOLS_GEN_SIGNATURE_HPP_

#include <string>
#include <vector>

#include "tools/gen/model.hpp"

namespace fg::gen {

enum class Form { functional, inplace, out };

std::vector<Form> forms_of(const Op& op);
// "add", "add_", "add_out"; an operator whose name ends in an underscore has that name in place.
std::string form_name(const Op& op, Form form);
// Functional calls without tensor arguments say where they run.
bool takes_device(const Op& op, Form form);
// "out", or "out_values" when there are several.
std::string out_name(const Op& op, const Out& out);
// The identifier of an argument, apart from those of outputs.
std::string arg_name(const Op& op, const Arg& arg);
// The tensor that the in-place form writes.
bool is_target(const Op& op, const Arg& arg, Form form);
// May be left out: has a default or is optional.
bool can_omit(const Arg& arg);

// Parameters of the C function for one argument ("const int64_t* dim, size_t n_dim") and the
// expression that makes its fg_value.
std::string c_parameter(const Op& op, const Arg& arg, Form form);
std::string c_value(const Op& op, const Arg& arg, Form form);

}  // namespace fg::gen

#endif  // FG_TOOLS_GEN_SIGNATURE_HPP_
