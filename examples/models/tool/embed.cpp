// SPDX-License-Identifier: Apache-2.0
//
// fg-models embed: sentences as vectors.

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "examples/models/arch/sentence.hpp"
#include "examples/models/io/error.hpp"
#include "examples/models/tool/session.hpp"

namespace fg::models {
namespace {

Pooling pooling_of(const std::string& name) {
  return name == "mean" ? Pooling::mean : name == "cls" ? Pooling::cls : Pooling::pooler;
}

std::vector<std::vector<float>> rows_of(const Tensor& t) {
  const std::vector<float> all = t.to_vector<float>();
  const auto n = static_cast<std::ptrdiff_t>(t.size(1));
  std::vector<std::vector<float>> rows;
  for (auto at = all.begin(); at != all.end(); at += n) rows.emplace_back(at, at + n);
  return rows;
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

void write_vectors(const std::string& path, const Tensor& vectors) {
  if (path.ends_with(".npy")) return save_npy(path, vectors);
  if (!path.ends_with(".json"))
    refuse(FG_E_INVALID, "--output is " + in_quotes(path) + ", expected a name that ends in .npy or .json");
  // Under another name first: whoever finds the file finds all of it.
  const std::string part = path + ".part";
  std::ofstream out(part, std::ios::binary);
  const bool written = static_cast<bool>((out << nlohmann::json(rows_of(vectors)).dump() << "\n").flush());
  if (!written || std::rename(part.c_str(), path.c_str()) != 0) {
    std::remove(part.c_str());
    refuse(FG_E_INVALID, path + ": cannot be written");
  }
}

void print_cosines(const std::vector<std::vector<float>>& vectors, bool json) {
  nlohmann::json all = nlohmann::json::array();
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    for (std::size_t j = i + 1; j < vectors.size(); ++j) {
      const double c = cosine(vectors[i], vectors[j]);
      if (json)
        all.push_back({{"first", i}, {"second", j}, {"cosine", c}});
      else
        fmt::print("{} {} {:.6f}\n", i, j, c);
    }
  }
  if (json) fmt::print("{}\n", all.dump(2));
}

}  // namespace

int run_embed(const Options& o, const Model& model) {
  std::vector<std::vector<std::int64_t>> rows;
  for (const std::string& text : o.ids) rows.push_back(parse_ids(text));
  if (!o.texts.empty()) {
    const Tokenizer tokenizer = open_tokenizer(o);
    for (const std::string& text : o.texts) rows.push_back(tokenizer.encode(text));
  }
  const Tensor vectors = sentence_vectors(model, rows, pooling_of(o.pool), o.normalize);
  if (!o.output.empty()) write_vectors(o.output, vectors);
  const auto values = rows_of(vectors);
  if (o.cosine) {
    print_cosines(values, o.json);
  } else if (o.output.empty()) {
    fmt::print("{}\n", nlohmann::json(values).dump());
  }
  return kOk;
}

}  // namespace fg::models
