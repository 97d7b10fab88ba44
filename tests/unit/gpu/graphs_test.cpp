// SPDX-License-Identifier: Apache-2.0
//
// Graphs of elementwise operators, which a plugin may merge into few launches: replays have the bits of the calls
// without a graph.  FG_TEST_DEVICE names the device.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fg/fg.hpp>
#include <random>

namespace {

using Bytes = std::vector<char>;
constexpr std::int64_t kElements = 6000;

Bytes bytes_of(const fg::Tensor& t) {
  Bytes b(static_cast<std::size_t>(t.numel()) * static_cast<std::size_t>(t.dtype() == fg::kF16 ? 2 : 4));
  t.copy_to(b.data(), b.size());
  return b;
}

// Memory of three dtypes, and what it held at first.
class Graphs : public testing::Test {
 protected:
  void SetUp() override {
    const char* name = std::getenv("FG_TEST_DEVICE");
    ASSERT_NE(name, nullptr);
    device = fg::Device(name);
    fg::Generator generator{11};
    for (const fg::Dtype dtype : {fg::kF32, fg::kF16, fg::kI32}) {
      const fg::Tensor t = fg::Tensor::empty({kElements}, fg::kF32, device);
      fg::uniform_(t, -3.0, 3.0, &generator);
      memory.push_back(t.to(dtype).clone());
      first.push_back(memory.back().clone());
    }
  }
  void reset() {
    for (std::size_t k = 0; k < memory.size(); ++k) fg::copy_(memory[k], first[k]);
  }
  std::vector<Bytes> contents() const {
    std::vector<Bytes> all;
    for (const fg::Tensor& t : memory) all.push_back(bytes_of(t));
    return all;
  }

  fg::Device device;
  std::vector<fg::Tensor> memory, first;
};

// Steps of a chain, drawn.  Views begin at few places and have few shapes, so that many are the same elements, some
// overlap in part, and the others are apart.
class Steps {
 public:
  Steps(const std::vector<fg::Tensor>& memory, unsigned seed) : memory_(memory), random_(seed) {}

  void draw() {
    const int n = below(3) == 0 ? 60 : 25;
    shape_ = below(3);
    for (int k = 0; k < n; ++k) {
      if (below(8) == 0) shape_ = below(3);
      if (k > 0 && below(3) != 0) {
        list_.push_back(again(list_.back()));
      } else {
        const std::size_t dtype = below(5) == 0 ? 1 + static_cast<std::size_t>(below(2)) : 0;
        list_.push_back(
            {below(8), view(dtype, false), view(dtype, true), view(dtype, true), view(below(2) == 0, true)});
      }
    }
  }
  void run() const {
    for (const Step& s : list_) step(s);
  }

 private:
  struct Step {
    int op;
    fg::Tensor out, a, b, other;
  };
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  // The same operator on what the last one made, into other memory or its own place.
  Step again(const Step& last) {
    Step s = last;
    s.a = last.out;
    if (below(2) == 0) s.out = moved(last.out);
    return s;
  }
  fg::Tensor moved(const fg::Tensor& t) {
    const std::int64_t places[] = {0, 8, 1200, 1201, 2400, 3600};
    return fg::as_strided(memory_[t.dtype() == fg::kF32   ? 0
                                  : t.dtype() == fg::kF16 ? 1
                                                          : 2],
                          t.shape(), t.stride(), places[below(6)]);
  }
  fg::Tensor view(std::size_t dtype, bool input) {
    const std::int64_t places[] = {0, 8, 1200, 1201, 2400, 3600};
    const std::int64_t place = places[below(6)];
    const fg::Tensor& m = memory_[dtype];
    if (shape_ == 0) {
      return input && below(6) == 0 ? fg::as_strided(m, {1199}, {0}, place) : fg::as_strided(m, {1199}, {1}, place);
    }
    if (shape_ == 1) {
      switch (below(input ? 5 : 3)) {
        case 0: return fg::as_strided(m, {30, 40}, {1, 30}, place);
        case 3: return fg::as_strided(m, {30, 40}, {0, 1}, place);
        case 4: return fg::as_strided(m, {30, 40}, {40, 0}, place);
        default: return fg::as_strided(m, {30, 40}, {40, 1}, place);
      }
    }
    return fg::as_strided(m, {15, 40}, {80, 1}, place);
  }
  static void step(const Step& s) {
    switch (s.op) {
      case 0:
      case 1: return fg::add_out(s.out, s.a, s.b);
      case 2: return fg::sub_out(s.out, s.a, s.b, 2);
      case 3: return fg::maximum_out(s.out, s.a, s.b);
      case 4: return fg::neg_out(s.out, s.a);
      case 5: return s.out.dtype() == fg::kI32 ? fg::mul_out(s.out, s.a, s.b) : fg::gelu_out(s.out, s.a);
      case 6: return fg::copy_(s.out, s.other);
      default: return fg::add_(s.out, 1);
    }
  }

  const std::vector<fg::Tensor>& memory_;
  std::mt19937 random_;
  int shape_ = 0;
  std::vector<Step> list_;
};

TEST_F(Graphs, ReplaysHaveTheBitsOfTheCalls) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    Steps steps(memory, seed);
    steps.draw();
    reset();
    steps.run();
    const std::vector<Bytes> expected = contents();
    reset();
    fg::Capture capture(device);
    steps.run();
    fg::Graph graph = capture.end();
    ASSERT_EQ(contents(), expected) << "the capture itself, seed " << seed;
    for (int round = 0; round < 2; ++round) {
      reset();
      graph.replay();
      ASSERT_EQ(contents(), expected) << "seed " << seed;
    }
  }
}

TEST_F(Graphs, AHundredAdditions) {
  for (const std::int64_t n : {1, 1024, 5003}) {
    const fg::Tensor one = fg::full({n}, 1.0, fg::kF32, device), x = fg::full({n}, 0.5, fg::kF32, device);
    for (int built = 0; built < 2; ++built) {  // The second time its programs are there.
      fg::Capture capture(device);
      fg::Tensor y = x;
      for (int k = 0; k < 100; ++k) y = fg::add(y, one);
      fg::Graph graph = capture.end();
      fg::add_(x, 1);
      for (int k = 0; k < 3; ++k) graph.replay();
      EXPECT_EQ(y.to_vector<float>(),
                std::vector<float>(static_cast<std::size_t>(n), 101.5f + static_cast<float>(built)));
    }
  }
}

// w is apart from y when captured; rebound, it is what other work-items write before.
TEST_F(Graphs, ARebindMayMakeStepsDependOnEachOther) {
  constexpr std::int64_t kN = 1000;
  const fg::Tensor line = fg::full({kN + 4}, 0.0, fg::kF32, device), y = line.slice(0, 0, kN);
  const fg::Tensor x = memory[0].slice(0, 0, kN), w = fg::full({kN}, 5.0, fg::kF32, device), z = w.clone();
  fg::Capture capture(device);
  fg::add_out(y, x, 1);
  fg::add_out(z, w, 1);
  fg::Graph graph = capture.end();
  const auto expect = [&](const fg::Tensor& source, const char* when) {
    graph.replay();
    const Bytes got = bytes_of(z);
    EXPECT_EQ(got, bytes_of(fg::add(source, 1))) << when;
  };
  for (int round = 0; round < 3; ++round) {
    expect(w, "as captured");
    graph.rebind(w, line.slice(0, 4, kN + 4));
    fg::add_(x, 1);
    expect(line.slice(0, 4, kN + 4), "four elements on");
    graph.rebind(w, y);
    fg::add_(x, 1);
    expect(y, "the same elements");
    graph.rebind(w, w);
  }
}

}  // namespace
