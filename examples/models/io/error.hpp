// SPDX-License-Identifier: Apache-2.0
//
// Failures of the readers: fg::Exception, as everything else that an application calls throws.
// FG_E_INVALID: a file or an argument is wrong; FG_E_NOT_FOUND: it is not there; FG_E_UNSUPPORTED: it is
// right, and this program does not do it.

#ifndef FG_EXAMPLES_MODELS_IO_ERROR_HPP_
#define FG_EXAMPLES_MODELS_IO_ERROR_HPP_

#include <string>
#include <string_view>

#include "fg/tensor.hpp"

namespace fg::models {

[[noreturn]] void refuse(fg_status status, std::string_view message, fg_reason reason = FG_R_OTHER);

// A name out of a file as a message shows it: quoted, without control characters, not endlessly long.
std::string in_quotes(std::string_view text);

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_IO_ERROR_HPP_
