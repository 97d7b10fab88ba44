// SPDX-License-Identifier: Apache-2.0
//
// The one file that includes CLI11.

#include "examples/models/tool/options.hpp"

#include <CLI/CLI.hpp>

#include "fg/fg.h"

namespace fg::models {
namespace {

constexpr const char* kHelp =
    "Examples:\n"
    "  fg-models generate llama -p 'The sky is' -n 64     a folder with config.json and safetensors\n"
    "  fg-models generate llama --ids 1,15043 --json      tokens in, tokens out\n"
    "  fg-models embed minilm 'a cat' 'a dog' --cosine    sentences as vectors\n"
    "  fg-models bench --random llama-2-7b --dtype f16    how fast, without weights\n\n"
    "Runs language models on any plugin.";
constexpr const char* kFooter =
    "Exit codes: 0 done, 1 --check found a difference, 2 usage or a file that is wrong, 3 something is not there\n"
    "(plugin, file, memory, a kind of model), 4 internal error, 130 interrupted.";

void add_common(CLI::App& verb, Options& o) {
  auto* const model = verb.add_option("model", o.model, "folder with config.json and model.safetensors");
  verb.add_option("--random", o.random, "a model of this size with random weights instead")
      ->type_name("SIZE")
      ->excludes(model);
  verb.add_option("--vendor", o.vendor, "whose plugin, as GEMS_VENDOR")->type_name("NAME");
  verb.add_option("--dtype", o.dtype, "of weights and computation (default: the model's)")
      ->check(CLI::IsMember({"f32", "f16", "bf16", "f64"}));
  verb.add_option("--context", o.context, "positions at most (default: the model's)")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  verb.add_option("--record", o.record, "write every operator's call to this file, and a summary")->type_name("FILE");
  verb.add_flag("--check", o.check, "also run each operator on the CPU plugin, stop at the first that differs");
  verb.add_flag("--json", o.json, "one JSON document on stdout");
  verb.add_flag("-q,--quiet", o.quiet, "no progress, no figures");
}

void add_embed(CLI::App& app, Options& o) {
  auto* const verb = app.add_subcommand("embed", "vectors of sentences (BERT)");
  add_common(*verb, o);
  verb->add_option("text", o.texts, "sentences");
  verb->add_option("--ids", o.ids, "tokens instead of a sentence, e.g. 101,7592,102; repeatable")->type_name("IDS");
  verb->add_option("--pool", o.pool, "mean of the tokens, the first one, or the model's pooler")
      ->check(CLI::IsMember({"mean", "cls", "pooler"}))
      ->capture_default_str();
  verb->add_flag("!--no-normalize", o.normalize, "leave the vectors as long as they are");
  verb->add_flag("--cosine", o.cosine, "print the cosine of every pair");
  verb->add_option("-o,--output", o.output, "write the vectors: .npy or .json")->type_name("FILE");
}

void add_generate(CLI::App& app, Options& o) {
  auto* const verb = app.add_subcommand("generate", "text after a prompt");
  add_common(*verb, o);
  verb->add_option("-p,--prompt", o.texts, "text before; several make a batch")->type_name("TEXT");
  verb->add_option("--ids", o.ids, "tokens instead of a prompt, e.g. 1,15043; repeatable")->type_name("IDS");
  verb->add_option("--image", o.images, "PNG or JPEG for an image token of the prompts, in order (LLaVA)")
      ->type_name("FILE");
  verb->add_option("-n,--new-tokens", o.new_tokens, "at most")->check(CLI::NonNegativeNumber)->capture_default_str();
  Sampling& s = o.sampling;
  verb->add_option("--temperature", s.temperature, "0: always the most likely token")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  verb->add_option("--top-k", s.top_k, "only among the k most likely; 0: all")->check(CLI::NonNegativeNumber);
  verb->add_option("--top-p", s.top_p, "only among the most likely that reach this probability")
      ->check(CLI::Range(1e-9, 1.0));
  verb->add_option("--repetition-penalty", s.repetition_penalty, "divides logits of tokens that were there")
      ->check(CLI::Range(0.01, 100.0));
  verb->add_option("--seed", s.seed, "of the choice")->capture_default_str();
  verb->add_option("--stop", o.stop, "tokens that end a row, beside the model's own")->type_name("ID");
  verb->add_flag("--ignore-eos", o.ignore_eos, "go on after the model's own stop tokens");
  verb->add_flag("!--no-graph", o.graph, "do not capture the decode step");
}

void add_bench(CLI::App& app, Options& o) {
  auto* const verb = app.add_subcommand("bench", "speed of prompt and decode by batch and length");
  add_common(*verb, o);
  verb->add_option("--batch", o.batches, "rows at once")
      ->delimiter(',')
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->add_option("--prompt", o.lengths, "tokens of the prompt")
      ->delimiter(',')
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->add_option("-n,--new-tokens", o.new_tokens, "tokens to decode (default 32)")->check(CLI::PositiveNumber);
  verb->add_option("--repeats", o.repeats, "runs, of which the medians count")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->add_flag("!--no-graph", o.graph, "do not capture the decode step");
}

}  // namespace

Parsed parse_options(int argc, char** argv) {
  Parsed p;
  Options& o = p.options;
  CLI::App app(kHelp, "fg-models");
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("fg-models ") + fg_version());
  add_embed(app, o);
  add_generate(app, o);
  add_bench(app, o);
  app.require_subcommand(1);
  try {
    app.parse(argc, argv);
    if (o.model.empty() == o.random.empty())
      throw CLI::ValidationError("model", "a folder or --random SIZE is needed, and not both");
    if (app.got_subcommand("embed")) o.verb = Options::Verb::embed;
    if (app.got_subcommand("bench")) {
      o.verb = Options::Verb::bench;
      if (app.get_subcommand("bench")->count("--new-tokens") == 0) o.new_tokens = 32;
    }
  } catch (const CLI::ParseError& e) {
    p.leave = true;
    p.exit_code = app.exit(e) == 0 ? kOk : kUsage;
  }
  return p;
}

}  // namespace fg::models
