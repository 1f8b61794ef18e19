// The program run within the test: arguments in; two streams and an exit code out.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "cli/program.h"

namespace spotkeeper::cli {

struct Outcome {
  int code = 0;
  std::string out, err;
};

inline std::string taken(std::FILE* file) {
  std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
  EXPECT_EQ(std::fseek(file, 0, SEEK_SET), 0);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

inline Outcome run_with(std::vector<std::string> arguments, const kube::Environment& environment = {}) {
  const Streams streams{std::tmpfile(), std::tmpfile()};
  Outcome outcome;
  outcome.code = run(arguments, environment, streams);
  outcome.out = taken(streams.out);
  outcome.err = taken(streams.err);
  return outcome;
}

}  // namespace spotkeeper::cli
