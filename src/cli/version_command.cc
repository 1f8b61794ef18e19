// The one file that is compiled anew when the commit changes.
#include <fmt/core.h>
#include <gnu/libc-version.h>
#include <openssl/crypto.h>
#include <yaml.h>

#include <CLI/Version.hpp>
#include <boost/version.hpp>
#include <protozero/version.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/output.h"

extern "C" {
extern const char spotkeeper_embedded_licences_begin[];
extern const char spotkeeper_embedded_licences_end[];
}

namespace spotkeeper::cli {
namespace {

constexpr std::string_view commit =
#include "commit.inc"
    ;

#if defined(__clang__)
constexpr std::string_view compiler = __VERSION__;
#else
constexpr std::string_view compiler = "GCC " __VERSION__;
#endif

std::vector<std::string_view> hardening() {
  std::vector<std::string_view> facts;
#if defined(__PIE__) || defined(__PIC__)
  facts.emplace_back("position independent");
#endif
#if SPOTKEEPER_STATIC_LINK
  facts.emplace_back("full RELRO");
#endif
#if defined(__SSP_STRONG__) || defined(__SSP_ALL__)
  facts.emplace_back("stack protector");
#endif
#if defined(_FORTIFY_SOURCE) && _FORTIFY_SOURCE > 0
  facts.emplace_back("FORTIFY");
#endif
#if defined(__SANITIZE_ADDRESS__)
  facts.emplace_back("address sanitizer");
#endif
#if defined(__SANITIZE_THREAD__)
  facts.emplace_back("thread sanitizer");
#endif
  return facts;
}

/// "1.81.0" of 108100 and the like: major × major_unit + minor × minor_unit + patch.
std::string dotted(unsigned version, unsigned major_unit, unsigned minor_unit) {
  return fmt::format("{}.{}.{}", version / major_unit, version % major_unit / minor_unit, version % minor_unit);
}

std::vector<std::pair<std::string_view, std::string>> libraries() {
  return {
      {"Boost", dotted(BOOST_VERSION, 100'000, 100)},
      {"OpenSSL", ::OpenSSL_version(OPENSSL_VERSION_STRING)},
      {"libyaml", ::yaml_get_version_string()},
      {"fmt", dotted(FMT_VERSION, 10'000, 100)},
      {"CLI11", CLI11_VERSION},
      {"tl::expected",
       fmt::format("{}.{}.{}", TL_EXPECTED_VERSION_MAJOR, TL_EXPECTED_VERSION_MINOR, TL_EXPECTED_VERSION_PATCH)},
      {"protozero", PROTOZERO_VERSION_STRING},
      {"glibc", ::gnu_get_libc_version()},
  };
}

}  // namespace

std::string_view version_text() { return SPOTKEEPER_VERSION; }

int run_version(const Options& options, Streams streams) {
  if (options.licences) {
    print(streams.out, {spotkeeper_embedded_licences_begin, spotkeeper_embedded_licences_end});
    return kDone;
  }
  const std::string_view linking = SPOTKEEPER_STATIC_LINK != 0 ? "static" : "dynamic";
  format::JsonObject document = {{"version", SPOTKEEPER_VERSION},
                                 {"commit", commit},
                                 {"build_type", SPOTKEEPER_BUILD_TYPE},
                                 {"compiler", compiler},
                                 {"linking", linking}};
  TextTable table({{"SPOTKEEPER"}, {SPOTKEEPER_VERSION}});
  table.add({"commit", std::string(commit)});
  table.add({"build", fmt::format("{}, {}, {}", SPOTKEEPER_BUILD_TYPE, linking, compiler)});
  const std::vector<std::string_view> facts = hardening();
  document["hardening"] = format::JsonArray(facts.begin(), facts.end());
  table.add({"hardening", join(facts, ", ")});
  format::JsonObject versions;
  for (const auto& [name, version] : libraries()) {
    versions[name] = version;
    table.add({std::string(name), version});
  }
  document["libraries"] = std::move(versions);
  print_data(document, table, options.output, streams);
  return kDone;
}

}  // namespace spotkeeper::cli
