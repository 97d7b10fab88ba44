// SPDX-License-Identifier: Apache-2.0
//
// An application that knows fg only as installed: prints 5 and the vendor that added it up.

#include <cstdio>

#include "fg/fg.hpp"

int main() {
  const fg::Tensor x = fg::Tensor::from({1.0f, 4.0f}, {2});
  std::printf("%g %s\n", static_cast<double>(fg::sum(x).item<float>()), std::string(fg::vendor_name()).c_str());
}
