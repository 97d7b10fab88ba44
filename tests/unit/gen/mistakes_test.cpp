// SPDX-License-Identifier: Apache-2.0
//
// Every mistake that a catalogue file can hold is answered with file, line, what was found and what
// was expected.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/gen/generator.hpp"

namespace fg::gen {
namespace {

// A sound operator; a mistake replaces one line of it.
constexpr std::string_view kSound = R"(family: test
ops:
- op: scaled
  kind: map
  summary: alpha times x.
  in: {x: float, y: same(x)}
  attrs: {alpha: {type: scalar, default: 1}, mode: {enum: [up, down], default: up}}
  promote: default
  scalar_operands: [x]
  expr: {up: alpha * x + y, down: alpha * x - y}
  cases: {quick: [x=4x8 y=4x8 alpha=2]}
  aten: [scaled]
  profile: core
)";

std::string with_line(int line, const std::string& replacement) {
  std::string out;
  std::size_t from = 0;
  for (int n = 1; from < kSound.size(); ++n) {
    const std::size_t end = kSound.find('\n', from) + 1;
    out += n == line ? replacement + "\n" : std::string(kSound.substr(from, end - from));
    from = end;
  }
  return out;
}

TEST(Mistakes, SoundFileHasNone) { EXPECT_EQ(read_text(std::string(kSound)).errors, ""); }

struct Row {
  int line;
  const char* replacement;
  const char* expected;  // Begins the first report; "" as a whole line means silence.
};

class Mistakes : public testing::TestWithParam<Row> {};

TEST_P(Mistakes, AreReportedWithTheirLine) {
  const std::string errors = read_text(with_line(GetParam().line, GetParam().replacement)).errors;
  EXPECT_NE(errors.find(GetParam().expected), std::string::npos) << GetParam().replacement << "\ngave\n" << errors;
}

INSTANTIATE_TEST_SUITE_P(
    Keys, Mistakes,
    testing::ValuesIn(std::initializer_list<Row>{
        {1, "famly: test", "t.yaml:1: unknown key 'famly' of the file, did you mean 'family'?"},
        {1, "ops: []", "t.yaml:2: key 'ops' of the file is given twice"},
        {3, "- opp: scaled", "t.yaml:3: an operator has no 'op'"},
        {4, "  kind: mop",
         "t.yaml:4: kind 'mop' is not one of view, map, reduce, scan, kernel, composite, did you mean 'map'?"},
        {4, "  knd: map", "t.yaml:4: unknown key 'knd' of scaled, did you mean 'kind'?"},
        {4, "  kind: [map]", "t.yaml:4: kind is a list, expected a text"},
        {4, "  kind: reduce", "t.yaml:10: 'expr' has no meaning for scaled, which is of kind reduce"},
        {5, "  summary: alpha times x", "t.yaml:3: summary of scaled must be a sentence that ends with '.'"},
        {5, "  profile: core", "t.yaml:13: key 'profile' of scaled is given twice"},
        {9, "  scalar_operands: [z]", "t.yaml:9: 'scalar_operands' names 'z', which is no tensor argument of scaled"},
        {9, "  call_order: [x, y, alpha]", "t.yaml:9: call_order has 3 names, scaled has 4 arguments"},
        {9, "  call_order: [x, y, alpha, mod]", "t.yaml:9: call_order names 'mod', which is no argument of scaled"},
        {9, "  forms: [functional, in_place]",
         "t.yaml:9: form 'in_place' is not one of functional, inplace, out, did you mean 'inplace'?"},
        {9, "  dynamic: yes", "t.yaml:9: 'dynamic' of scaled is 'yes', expected true or false"},
        {9, "  version: one", "t.yaml:9: version is 'one', expected an integer"},
        {13, "  profile: cor",
         "t.yaml:3: profile 'cor' of scaled is not one of core, llm, train, full, did you mean 'core'?"},
        {13, "  profile: [", "t.yaml:14: not valid YAML"},
    }));

INSTANTIATE_TEST_SUITE_P(
    Arguments, Mistakes,
    testing::ValuesIn(std::initializer_list<Row>{
        {6, "  in: {x: flot, y: same(x)}", "t.yaml:6: dtype class 'flot' of x is not one of float, int, real,"},
        {6, "  in: {x: flot, y: same(x)}", "did you mean 'float'?"},
        {6, "  in: {x: float, y: same(z)}",
         "t.yaml:6: class of y names 'z', expected a tensor argument of scaled with a class of its own"},
        {6, "  in: {x: float, y: float, x: float}", "t.yaml:6: key 'x' of in of scaled is given twice"},
        {6, "  in: {x: float, alpha: float, y: float}", "t.yaml:7: scaled has two arguments named 'alpha'"},
        {6, "  in: {X: float, y: same(X)}", "t.yaml:6: 'X' is no name for an argument of scaled"},
        {6, "  in: [x, y]", "t.yaml:6: in of scaled is a list, expected a mapping"},
        {7, "  attrs: {alpha: {type: scaler}, mode: {enum: [up, down], default: up}}",
         "t.yaml:7: type 'scaler' is not one of scalar, float, int, bool, dim, dims, sizes, dtype, generator, did you "
         "mean 'scalar'?"},
        {7, "  attrs: {alpha: {type: scalar, defualt: 1}, mode: {enum: [up, down], default: up}}",
         "t.yaml:7: unknown key 'defualt' of attribute alpha, did you mean 'default'?"},
        {7, "  attrs: {alpha: {type: int, default: 1.5}, mode: {enum: [up, down], default: up}}",
         "t.yaml:7: default of alpha is '1.5', expected an integer"},
        {7, "  attrs: {alpha: {type: float, default: 1, min: .nan}, mode: {enum: [up, down], default: up}}",
         "t.yaml:7: 'min' of alpha is NaN, expected a number"},
        {7, "  attrs: {alpha: {type: float, default: 1, min: 2}, mode: {enum: [up, down], default: up}}",
         "t.yaml:7: default of alpha is 1, outside its min and max"},
        {7, "  attrs: {alpha: {type: float, default: 1, min: 2, max: 1}, mode: {enum: [up, down], default: up}}",
         "t.yaml:7: min of alpha is 2, above its max 1"},
        {7, "  attrs: {alpha: {type: bool, default: true, min: 0}, mode: {enum: [up, down], default: up}}",
         "t.yaml:7: 'min' of alpha has no meaning, it is not a number"},
        {7, "  attrs: {alpha: {type: scalar, default: 1, optional: true}, mode: {enum: [up, down], default: up}}",
         "t.yaml:7: attribute alpha is optional and has a default, expected one of the two"},
        {7, "  attrs: {alpha: {type: scalar, default: 1}, mode: {enum: [up, down], default: dwon}}",
         "t.yaml:7: default of mode 'dwon' is not one of up, down, did you mean 'down'?"},
        {7, "  attrs: {alpha: {type: scalar, default: 1}, mode: {enum: [up, down]}}",
         "t.yaml:7: enum mode has no default"},
        {7, "  attrs: {alpha: {default: 1}, mode: {enum: [up, down], default: up}}",
         "t.yaml:7: attribute alpha has no 'type'"},
    }));

INSTANTIATE_TEST_SUITE_P(
    Meaning, Mistakes,
    testing::ValuesIn(std::initializer_list<Row>{
        {8, "  promote: defalt", "t.yaml:8: promote 'defalt' is not one of none, default,"},
        {8, "  promote: {up: default}",
         "t.yaml:8: 'promote' of scaled has the keys up, which are the values of no enum attribute"},
        {8, "  promote: none\n  out: {o: promoted}", "t.yaml:9: dtype of o is promoted, but scaled has no 'promote'"},
        {8, "  promote: default\n  out: {o: same(z)}",
         "t.yaml:9: dtype of o names 'z', which is no tensor argument of scaled"},
        {8, "  promote: default\n  out: {o: f31}", "t.yaml:9: dtype 'f31' of o is neither promoted, given"},
        {8, "  promote: default\n  out: {a: promoted, b: promoted}",
         "t.yaml:11: scaled has 1 expressions, expected one per output (2)"},
        {10, "  expr: {up: alpha * x + y, dwn: alpha * x - y}",
         "t.yaml:10: 'expr' of scaled has the keys dwn, up, which are the values of no enum attribute"},
        {10, "  expr: alpha * (x + y", "t.yaml:10: scaled: column 15: found the end, expected ')'"},
        {10, "  expr: alpha * x + y + w", "t.yaml:10: scaled: column 17"},
        {10, "  expr: {up: alpha * x + y, down: alpah * x - y}", "did you mean 'alpha'"},
        {10, "  expr: alpha * x", "t.yaml:10: scaled: no expression uses the input 'y'"},
        {10, "  expr: alpha * (x & y)", "t.yaml:10: scaled: column 12"},
        {10, "  expr: alpha * (x & y)", "(for x f64, y f64)"},
        {10, "  summary: No expression.", "t.yaml:10: key 'summary' of scaled is given twice"},
        {11, "  cases: {quik: [x=4x8 y=4x8]}", "t.yaml:11: unknown key 'quik' of cases, did you mean 'quick'?"},
        {11, "  cases: {quick: [x=4x8 y=4xx8]}",
         "t.yaml:11: case of scaled: 'y=4xx8' has the wrong value, expected a shape such as 4x8 or []"},
        {11, "  cases: {quick: [x=4x8 y=4x8t]}",
         "t.yaml:11: case of scaled: 'x=4x8 y=4x8t' asks for a layout, which the suite chooses; only bench lines may"},
        {11, "  cases: {quick: [x=4x8 z=4x8]}", "t.yaml:11: case of scaled: 'z' is no argument of scaled"},
        {11, "  cases: {quick: [x=4x8]}", "t.yaml:11: case of scaled: scaled: y is missing, expected a tensor"},
        {11, "  cases: {quick: [x=4x8 y=3x8]}",
         "t.yaml:11: case of scaled: scaled: y of shape [3, 8] does not broadcast with [4, 8]"},
        {11, "  cases: {quick: [x=4x8 y=4x8 mode=sideways]}",
         "'mode=sideways' has the wrong value, expected one of the attribute's values"},
        {11, "  cases: {standard: [x=4x8 y=4x8]}", "t.yaml:3: scaled has no case of the tier quick"},
        {11, "  bench: [x=4x8 y=4x8 alpha=one]\n  cases: {quick: [x=4x8 y=4x8]}",
         "t.yaml:11: case of scaled: 'alpha=one' has the wrong value"},
        {12, "  flops: 2 * k", "t.yaml:3: flops of scaled names 'k', expected one of numel"},
        {12, "  shape: {x: \"m, n\", z: m}", "t.yaml:12: shape names 'z', which is no tensor of scaled"},
        {12, "  shape: {x: \"m, n\", out: \"m, k\"}", "shape of out has 'k', which no input of scaled has"},
        {12, "  shape: {rule: cta}", "t.yaml:12: shape rule 'cta' is not one of arange,"},
        {12, "  shape: {rule: cta}", "did you mean 'cat'?"},
        {3, "- op: Scaled", "t.yaml:3: 'Scaled' is no name for an operator"},
        {3, "- op: scaled_", "t.yaml:3: scaled_ ends in '_', expected an output that is 'given'"},
        {3, "- op: map", "t.yaml:3: the name 'map' is taken by the C API"},
        {3, "- op: scaled_out", "t.yaml:3: 'scaled_out' ends in '_out'"},
    }));

TEST(Mistakes, OperatorsMayShareNothing) {
  const std::string second(kSound.substr(kSound.find("- op")));
  const std::string errors = read_text(std::string(kSound) + second).errors;
  EXPECT_NE(errors.find("have the same name"), std::string::npos) << errors;
  EXPECT_NE(errors.find("have the same uid"), std::string::npos) << errors;
  EXPECT_NE(errors.find("have the same ATen overload scaled"), std::string::npos) << errors;
}

TEST(Mistakes, AreAllReportedAtOnceInOrder) {
  std::string text(kSound);
  text.replace(text.find("promote: default"), 16, "promote: defalt");
  text.replace(text.find("kind: map"), 9, "kind: mup");
  const std::string errors = read_text(text).errors;
  const std::size_t first = errors.find("t.yaml:4: kind 'mup'"), second = errors.find("t.yaml:8: promote 'defalt'");
  ASSERT_NE(first, std::string::npos) << errors;
  ASSERT_NE(second, std::string::npos) << errors;
  EXPECT_LT(first, second);
}

TEST(Mistakes, AFileThatIsNotThere) {
  Diagnostics diagnostics;
  load({"no/such.yaml"}, diagnostics);
  EXPECT_EQ(diagnostics.text(), "no/such.yaml: cannot be read\n");
}

// Whatever a file holds is answered with messages, never with a crash.
TEST(Mistakes, DamagedFilesAreAnswered) {
  const char* const pieces[] = {"[",  "]",  "{",  "}", ":", "- ", "\n",    "  ",  "3",  "''",
                                "&a", "*a", "!x", "|", "?", "~",  "same(", "...", "\"", "#"};
  std::mt19937 random(7);
  int silent = 0;
  for (int round = 0; round < 600; ++round) {
    std::string text(kSound);
    for (int edit = 0; edit < 1 + round % 3; ++edit) {
      const std::size_t at = random() % text.size();
      const std::size_t cut = random() % 6;
      text.replace(at, std::min(cut, text.size() - at), pieces[random() % std::size(pieces)]);
    }
    std::string errors;
    ASSERT_NO_THROW(errors = read_text(text).errors) << text;
    silent += errors.empty() ? 1 : 0;
  }
  EXPECT_LT(silent, 200);  // Most damage is noticed.
}

TEST(Mistakes, ValuesOfTheWrongKindAreAnswered) {
  const char* const keys[] = {
      "op",      "kind",    "version",      "summary", "source",          "in",    "attrs",    "call_order", "out",
      "forms",   "promote", "promote_over", "common",  "scalar_operands", "expr",  "prologue", "monoid",     "epilogue",
      "empty",   "dynamic", "shape",        "flops",   "cases",           "bench", "errors",   "aten",       "gems",
      "profile", "unread"};
  for (const char* key : keys) {
    for (const char* value : {"3", "[3, [4]]", "{a: {b: c}}", "~", "[{a: b}]"}) {
      const std::string text = std::string("family: t\nops:\n- ") + key + ": " + value + "\n";
      std::string errors;
      ASSERT_NO_THROW(errors = read_text(text).errors) << text;
      EXPECT_NE(errors, "") << text;
    }
  }
  for (const char* text : {"", "3", "[]", "ops: 3", "family: t", "family: t\nops: [3, [4], ~]",
                           "family: t\ndefaults: 3\nops: []", "family: [t]\nops: []", "? [a]\n: b"}) {
    EXPECT_NO_THROW(read_text(text)) << text;
  }
}

std::uint64_t hash_of(const std::string& text) {
  const Read r = read_text(text);
  EXPECT_EQ(r.errors, "");
  return r.catalogue.ops.at(0).schema_hash;
}

TEST(SchemaHash, IgnoresWhatAKernelCannotSee) {
  const std::uint64_t hash = hash_of(std::string(kSound));
  EXPECT_EQ(hash, hash_of("# a comment\n\n" + std::string(kSound)));
  EXPECT_EQ(hash, hash_of(with_line(5, "  summary: Another sentence.   # and a comment")));
  EXPECT_EQ(hash, hash_of(with_line(10, "  expr:\n    up:   alpha*x  +  y\n    down: alpha*x - y")));
  EXPECT_EQ(hash, hash_of(with_line(11, "  cases: {quick: [x=3 y=3]}\n  bench: [x=64 y=64]")));
  EXPECT_EQ(hash, hash_of(with_line(12, "  aten: [other.Tensor]\n  source: a book")));
}

TEST(SchemaHash, ChangesWithTheMeaning) {
  const std::uint64_t hash = hash_of(std::string(kSound));
  EXPECT_NE(hash, hash_of(with_line(3, "- op: other")));
  EXPECT_NE(hash, hash_of(with_line(6, "  in: {x: real, y: same(x)}")));
  EXPECT_NE(hash, hash_of(with_line(
                      7, "  attrs: {alpha: {type: scalar, default: 2}, mode: {enum: [up, down], default: up}}")));
  EXPECT_NE(hash, hash_of(with_line(
                      7, "  attrs: {alpha: {type: scalar, default: 1}, mode: {enum: [up, down], default: down}}")));
  EXPECT_NE(hash, hash_of(with_line(8, "  promote: int_to_float")));
  EXPECT_NE(hash, hash_of(with_line(9, "  scalar_operands: [x, y]")));
  EXPECT_NE(hash, hash_of(with_line(10, "  expr: {up: alpha * x - y, down: alpha * x - y}")));
}

}  // namespace
}  // namespace fg::gen
