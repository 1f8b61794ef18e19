#include "observe/template/functions.h"

#include <algorithm>
#include <array>

#include "observe/template/print.h"

namespace spotkeeper::observe {
namespace {

using Table = std::map<std::string_view, Function>;

const Table& table() {
  static const Table made = [] {
    Table all;
    for (const auto part : {builtin_functions(), text_functions(), collection_functions()}) {
      for (const Function& function : part) all.emplace(function.name, function);
    }
    return all;
  }();
  return made;
}

const TimeMethod time_methods[] = {
    {"Format",
     {Parameter::Text},
     [](const GoTime& time, std::span<const TemplateValue> arguments) -> TemplateValue {
       return format_time(time, *arguments[0].text());
     }},
    {"String", {}, [](const GoTime& time, std::span<const TemplateValue>) -> TemplateValue { return time_text(time); }},
    {"UTC", {}, [](const GoTime& time, std::span<const TemplateValue>) -> TemplateValue { return time; }},
    {"Unix",
     {},
     [](const GoTime& time, std::span<const TemplateValue>) {
       return TemplateValue(unix_seconds(time), GoInt::Int64);
     }},
    {"IsZero", {}, [](const GoTime& time, std::span<const TemplateValue>) -> TemplateValue { return !time.at; }},
};

// Sorted. What Go's text/template and sprig have beyond our tables.
constexpr std::array<std::string_view, 124> elsewhere = {"abbrev",
                                                         "abbrevboth",
                                                         "add1f",
                                                         "addf",
                                                         "adler32sum",
                                                         "ago",
                                                         "atoi",
                                                         "b32dec",
                                                         "b32enc",
                                                         "base",
                                                         "bcrypt",
                                                         "biggest",
                                                         "buildCustomCert",
                                                         "call",
                                                         "camelcase",
                                                         "ceil",
                                                         "chunk",
                                                         "clean",
                                                         "date_in_zone",
                                                         "date_modify",
                                                         "dateModify",
                                                         "decryptAES",
                                                         "deepCopy",
                                                         "deepEqual",
                                                         "derivePassword",
                                                         "dig",
                                                         "dir",
                                                         "divf",
                                                         "duration",
                                                         "durationRound",
                                                         "encryptAES",
                                                         "expandenv",
                                                         "ext",
                                                         "fail",
                                                         "float64",
                                                         "floor",
                                                         "genCA",
                                                         "genCAWithKey",
                                                         "genPrivateKey",
                                                         "genSelfSignedCert",
                                                         "genSelfSignedCertWithKey",
                                                         "genSignedCert",
                                                         "genSignedCertWithKey",
                                                         "getHostByName",
                                                         "hello",
                                                         "htmlDateInZone",
                                                         "htpasswd",
                                                         "initials",
                                                         "isAbs",
                                                         "kebabcase",
                                                         "kindIs",
                                                         "kindOf",
                                                         "maxf",
                                                         "merge",
                                                         "mergeOverwrite",
                                                         "minf",
                                                         "mulf",
                                                         "mustAppend",
                                                         "mustChunk",
                                                         "mustCompact",
                                                         "mustDateModify",
                                                         "mustDeepCopy",
                                                         "mustFirst",
                                                         "mustFromJson",
                                                         "mustHas",
                                                         "mustInitial",
                                                         "mustLast",
                                                         "mustMerge",
                                                         "mustMergeOverwrite",
                                                         "mustPrepend",
                                                         "mustPush",
                                                         "mustRegexFind",
                                                         "mustRegexFindAll",
                                                         "mustRegexMatch",
                                                         "mustRegexReplaceAll",
                                                         "mustRegexReplaceAllLiteral",
                                                         "mustRegexSplit",
                                                         "mustRest",
                                                         "mustReverse",
                                                         "mustSlice",
                                                         "mustToDate",
                                                         "mustToJson",
                                                         "mustToPrettyJson",
                                                         "mustToRawJson",
                                                         "mustUniq",
                                                         "mustWithout",
                                                         "must_date_modify",
                                                         "osBase",
                                                         "osClean",
                                                         "osDir",
                                                         "osExt",
                                                         "osIsAbs",
                                                         "push",
                                                         "randAlpha",
                                                         "randAlphaNum",
                                                         "randAscii",
                                                         "randBytes",
                                                         "randInt",
                                                         "randNumeric",
                                                         "regexFind",
                                                         "regexFindAll",
                                                         "regexMatch",
                                                         "regexQuoteMeta",
                                                         "regexReplaceAll",
                                                         "regexReplaceAllLiteral",
                                                         "regexSplit",
                                                         "round",
                                                         "semver",
                                                         "semverCompare",
                                                         "seq",
                                                         "set",
                                                         "sha1sum",
                                                         "sha256sum",
                                                         "sha512sum",
                                                         "shuffle",
                                                         "snakecase",
                                                         "splitn",
                                                         "subf",
                                                         "swapcase",
                                                         "toDate",
                                                         "toDecimal",
                                                         "typeIs",
                                                         "typeIsLike",
                                                         "typeOf"};
constexpr std::array<std::string_view, 10> elsewhere_too = {"fromJson", "unset",    "until",  "untilStep", "untitle",
                                                            "urlJoin",  "urlParse", "uuidv4", "wrap",      "wrapWith"};

}  // namespace

const Function* find_function(std::string_view name) {
  const auto found = table().find(name);
  return found == table().end() ? nullptr : &found->second;
}

std::vector<std::string_view> function_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, function] : table()) names.push_back(name);
  return names;
}

bool is_known_elsewhere(std::string_view name) {
  return std::find(elsewhere.begin(), elsewhere.end(), name) != elsewhere.end() ||
         std::find(elsewhere_too.begin(), elsewhere_too.end(), name) != elsewhere_too.end();
}

const TimeMethod* find_time_method(std::string_view name) {
  const auto* const found = std::find_if(std::begin(time_methods), std::end(time_methods),
                                         [&](const TimeMethod& method) { return method.name == name; });
  return found == std::end(time_methods) ? nullptr : found;
}

tl::unexpected<Error> call_error(std::string_view what) { return fail(ErrorCode::InvalidInput, std::string(what)); }

Result<TemplateValue> bounded(const Call& call, const std::function<void(BoundedText&)>& write) {
  BoundedText out(call.room);
  write(out);
  if (out.full()) return call_error("a text of more than " + std::to_string(call.room) + " bytes");
  return TemplateValue(out.take());
}

}  // namespace spotkeeper::observe
