// SPDX-License-Identifier: Apache-2.0
//
// A golden corpus: results that this project did not compute, as cases.json and tensors.safetensors.

#ifndef FG_CONFORMANCE_GOLDEN_CORPUS_HPP_
#define FG_CONFORMANCE_GOLDEN_CORPUS_HPP_

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "conformance/reference/tensor.hpp"
#include "core/tensor/safetensors.hpp"
#include "fg/sdk/result.hpp"

namespace fg::conformance {

struct GoldenValue {
  reference::Argument value;
  std::vector<std::vector<std::int64_t>> strides;  // one per tensor, in elements
  std::vector<std::int64_t> places;                // of a list of indices: the dimension that each is for
  bool ignored = false;                            // a layout wish, or a dtype that this project does not have
};

struct GoldenOutput {
  std::string name;  // of an object; empty in a list
  bool is_tensor = false;
  reference::Type declared = reference::Type::f32;  // what the operator must return
  reference::Tensor stored;                         // may be wider
};

struct GoldenCase {
  std::string id, op, reference;
  std::vector<GoldenValue> args;
  std::vector<std::pair<std::string, GoldenValue>> kwargs;
  std::vector<GoldenOutput> outputs;
};

class Corpus {
 public:
  // FG_E_INVALID says what is wrong with which file.
  static Result<Corpus> open(const std::string& folder);
  // The same with the contents of cases.json in memory; `name` stands in messages.
  static Result<Corpus> parse(std::span<const std::byte> cases, core::SafetensorsFile tensors, const std::string& name);
  ~Corpus();
  Corpus(Corpus&&) noexcept;
  Corpus& operator=(Corpus&&) noexcept;

  std::size_t size() const;
  std::string id(std::size_t i) const;
  std::string op(std::size_t i) const;
  // FG_E_INVALID names the case and the part that is wrong; FG_E_UNSUPPORTED a dtype or kind of
  // argument that this project does not have.
  Result<GoldenCase> load(std::size_t i) const;

 private:
  struct Data;
  explicit Corpus(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_GOLDEN_CORPUS_HPP_
