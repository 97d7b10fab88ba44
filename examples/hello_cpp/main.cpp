// SPDX-License-Identifier: Apache-2.0
//
// A first program in C++: tensors, operators, an expression.  Links libfg_core alone; the plugins are
// found at run time.

#include <cstdio>
#include <fg/fg.hpp>
#include <string>

namespace {

void print(const char* what, const fg::Tensor& t) {
  std::printf("%-28s [", what);
  const char* separator = "";
  for (const float x : t.to_vector<float>()) {
    std::printf("%s%g", separator, static_cast<double>(x));
    separator = ", ";
  }
  std::printf("]\n");
}

}  // namespace

int main() {
  try {
    std::printf("fg %s on %s\n", fg_version(), fg::Device::current().name().c_str());
    const auto x = fg::Tensor::from({-1.0f, 0.0f, 1.0f, 2.0f});
    print("x", x);
    print("gelu(x)", fg::gelu(x));
    print("x * 2 + 1", x * 2 + 1);
    print("x * sigmoid(1.702 * x)", fg::map("x * sigmoid(1.702 * x)", {x}));
    const auto m = x.view({2, 2});
    print("m @ m.t()", fg::mm(m, m.t()));
    print("softmax(m, 1)", fg::softmax(m, 1));
    std::printf("%-28s %g\n", "sum(x in f16)", static_cast<double>(fg::sum(x.to(fg::kF16)).item<float>()));
    fg::mm(m, fg::Tensor::from({1.0f, 2.0f, 3.0f}, {3, 1}));
  } catch (const fg::Exception& e) {
    std::printf("an error reads:  %s\n", e.what());
    return e.status() == FG_E_INVALID ? 0 : 1;
  }
  return 1;  // The last product has no answer.
}
