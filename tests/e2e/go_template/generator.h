// Random templates of the supported language: nearly all of them run, and some fail while they do.
#pragma once

#include <cstddef>
#include <string>

#include "base/random.h"

namespace spotkeeper::testing {

class TemplateGenerator {
 public:
  explicit TemplateGenerator(std::uint64_t seed) : random_(seed) {}

  std::string make() {
    depth_ = 0;
    return body(4);
  }

 private:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_.below(n)); }
  template <std::size_t N>
  std::string one_of(const char* const (&choices)[N]) {
    return choices[below(N)];
  }

  std::string open() { return random_.chance(0.15) ? "{{- " : random_.chance(0.5) ? "{{ " : "{{"; }
  std::string close() { return random_.chance(0.15) ? " -}}" : random_.chance(0.5) ? " }}" : "}}"; }
  std::string action(const std::string& inner) { return open() + inner + close(); }

  std::string body(std::size_t most) {
    std::string out;
    for (std::size_t i = 0, n = 1 + below(most); i < n; ++i) out += node();
    return out;
  }

  std::string node() {
    if (depth_ > 3) return text();
    ++depth_;
    std::string out;
    switch (below(12)) {
      case 0: out = text(); break;
      case 1: out = action("if " + any(2)) + body(2) + action("end"); break;
      case 2:
        out = action("if " + flag(2)) + body(2) + action("else if " + flag(1)) + body(1) + action("else") + body(1) +
              action("end");
        break;
      case 3: out = action("with " + string(2)) + action(". | upper") + text() + action("end"); break;
      case 4:
        out = action("range $i, $p := " + list()) + action("$i") + "=" + action("$p") + loop() + action("end");
        break;
      case 5:
        out = action("range " + list()) + action("printf \"%v,\" .") + action("else") + "none" + action("end");
        break;
      case 6:
        out = action("range $k, $v := .NodeLabels") + action("$k") + ":" + action("$v | " + piped()) + action("end");
        break;
      case 7: out = action("$x := " + any(2)) + action("$x") + action("$x = " + any(1)) + action("print $x"); break;
      case 8:
        out = action("/* note */");
        if (out.find(" /*") != std::string::npos && out.starts_with("{{ ")) out = "{{/* note */}}";
        if (!out.ends_with("*/}}") && !out.ends_with("*/ -}}")) out = "{{/* note */}}";
        break;
      default: out = action(any(3)); break;
    }
    --depth_;
    return out;
  }

  std::string loop() {
    switch (below(4)) {
      case 0: return action("if ge $i 1") + action("break") + action("end");
      case 1: return action("if eq $i 0") + action("continue") + action("end") + ";";
      default: return ",";
    }
  }

  std::string text() { return one_of({"a", " ", "\n", "  \n  ", "\"x\":", "{", "}", "ü", "%d", "- b\t", ""}); }

  std::string any(std::size_t depth) {
    switch (below(8)) {
      case 0: return number(depth);
      case 1: return flag(depth);
      case 2: return list();
      case 3: return value(depth);
      default: return string(depth);
    }
  }

  std::string argument(const std::string& expression) {
    return expression.find(' ') == std::string::npos ? expression : "(" + expression + ")";
  }
  std::string s(std::size_t depth) { return argument(string(depth)); }
  std::string n(std::size_t depth) { return argument(number(depth)); }
  std::string a(std::size_t depth) { return argument(any(depth)); }

  std::string piped() {
    return one_of({"upper",
                   "lower",
                   "title",
                   "trim",
                   "quote",
                   "toJson",
                   "trunc 3",
                   "trunc -2",
                   R"(replace "a" "bb")",
                   "default \"d\"",
                   "printf \"%s!\"",
                   "printf \"%6s|\"",
                   "printf \"%-6q|\"",
                   "printf \"%x\"",
                   "len",
                   "html",
                   "js",
                   "urlquery",
                   "b64enc",
                   "squote",
                   "indent 2",

                   "contains \"a\"",
                   "trimPrefix \"i-\"",
                   "splitList \"-\"",
                   "toString",
                   "print",
                   "not",
                   "repeat 2",
                   "printf \"%d\"",
                   "printf \"%v %v\"",
                   "eq \"a\"",
                   "substr 0 2",
                   "hasSuffix \"l\"",
                   "trimAll \"ai-\"",
                   "toRawJson"});
  }

  std::string string(std::size_t depth) {
    if (depth == 0 || random_.chance(0.3)) {
      return one_of({".Kind", ".NodeName", ".Description", ".EventID", ".InstanceID", ".AvailabilityZone", ".State",
                     "$.Region", "\"lit\"", "`raw`", R"("q\"\n\u00e9\t<&>")", ".NodeLabels.team",
                     ".InterruptionEvent.Kind", "\"\"", ".NodeMetadata.Region"});
    }
    switch (below(16)) {
      case 0: return "printf " + format() + " " + a(depth - 1) + " " + a(depth - 1);
      case 1: return "print " + a(depth - 1) + " " + a(depth - 1);
      case 2: return "upper " + s(depth - 1);
      case 3: return "title " + s(depth - 1);
      case 4: return "replace " + s(0) + " " + s(0) + " " + s(depth - 1);
      case 5: return "join " + s(0) + " " + argument(list());
      case 6: return "index .NodeLabels " + s(depth - 1);
      case 7: return "quote " + a(depth - 1) + " " + a(depth - 1);
      case 8: return "toJson " + a(depth - 1);
      case 9: return "cat " + a(depth - 1) + " " + a(depth - 1);
      case 10:
        return ".StartTime.Format " +
               one_of({"\"2006-01-02T15:04:05Z07:00\"", "\"Jan _2 3:04PM\"",
                       "\"Monday 02-Jan-06 15:04:05.000 MST -0700\"", "\"002 __2 January 1 2 06\""});
      case 11: return "toPrettyJson " + a(depth - 1);
      case 12: return "html " + a(depth - 1);
      case 13: return "ternary " + s(0) + " " + s(0) + " " + argument(flag(depth - 1));
      default: return string(depth - 1) + " | " + piped();
    }
  }

  std::string format() {
    return one_of({"\"%v %v\"", "\"%s=%s\"", "\"%d/%d\"", "\"%5v|%-5v|\"", "\"%q %q\"", "\"%t %v\"", "\"%x %X\"",
                   "\"%v\"", "\"%v %v %v\"", "\"%05d %d%%\"", "\"%.2s %8.3v|\"", "\"%c %o\"", "\"%b %e\"",
                   "\"%6.2f|%g\"", "\"%03v|%-4d|\""});
  }

  std::string number(std::size_t depth) {
    if (depth == 0 || random_.chance(0.4))
      return one_of(
          {"0", "1", "-3", "42", "0x1F", "1.5", "1e6", "2.0", "'x'", "len .Pods", "len .Kind", "0.00001", "1e21"});
    switch (below(8)) {
      case 0: return "add " + n(depth - 1) + " " + n(depth - 1);
      case 1: return "sub " + n(depth - 1) + " " + n(depth - 1);
      case 2: return "mul " + n(depth - 1) + " " + n(depth - 1);
      case 3: return "div " + n(depth - 1) + " " + n(depth - 1);
      case 4: return "max " + n(depth - 1) + " " + n(depth - 1);
      case 5: return "int " + a(depth - 1);
      case 6: return "len " + a(depth - 1);
      default: return ".StartTime.Unix";
    }
  }

  std::string flag(std::size_t depth) {
    if (depth == 0 || random_.chance(0.2))
      return one_of({"true", "false", ".IsManaged", ".NodeProcessed", ".EndTime.IsZero"});
    switch (below(9)) {
      case 0: return "eq " + a(depth - 1) + " " + a(depth - 1);
      case 1: return "ne " + s(depth - 1) + " " + s(depth - 1);
      case 2: return "lt " + n(depth - 1) + " " + n(depth - 1);
      case 3: return "ge " + s(depth - 1) + " " + s(depth - 1);
      case 4: return "and " + a(depth - 1) + " " + a(depth - 1);
      case 5: return "or " + a(depth - 1) + " " + a(depth - 1);
      case 6: return "not " + a(depth - 1);
      case 7: return "hasPrefix " + s(0) + " " + s(depth - 1);
      default: return "empty " + a(depth - 1);
    }
  }

  std::string list() {
    return one_of({".Pods", "list 1 2", R"(list "b" "a" "b")", "splitList \"-\" .NodeName", "sortAlpha .Pods",
                   "uniq .Pods", "rest .Pods", "list", "initial .Pods", "reverse .Pods",
                   "keys (dict \"a\" 1) | sortAlpha", "without .Pods \"a\"", "compact (list \"\" 1 0 true)",
                   "append .Pods \"z\"", "concat .Pods (list 1)", "slice .Pods 0 1", "prepend .Pods 7",
                   "values (dict \"k\" .Kind)"});
  }

  std::string value(std::size_t depth) {
    switch (below(10)) {
      case 0: return ".NodeLabels";
      case 1: return ".StartTime";
      case 2: return "dict \"a\" " + a(depth > 0 ? depth - 1 : 0);
      case 3: return "first " + argument(list());
      case 4: return "index .Pods 0";
      case 5: return "default " + a(0) + " " + a(depth > 0 ? depth - 1 : 0);
      case 6: return "coalesce .State " + a(0);
      case 7: return "(dict \"k\" " + a(0) + ").k";
      case 8: return "split \"-\" .NodeName";
      default: return ".NodeLabels.missing";
    }
  }

  Random random_;
  std::size_t depth_ = 0;
};

}  // namespace spotkeeper::testing
