// Webhook templates: the part of Go's text/template, with sprig's functions, that people write messages in.
//
// What is supported: text, {{ }} with trim marks and comments; fields, variables, pipelines, parentheses, constants;
// if, else if, with, range (lists, maps in the order of keys, whole numbers), break, continue; define, template, block;
// the functions of functions.h. What it does is what Go does, down to the text of a wrong verb (a differential test
// holds both against each other). Everything else is an error of parse() or check() that names it, its line and its
// column: a template that is accepted at the start does not fail for its own sake when a machine is about to end. What
// can still fail then depends on the data, such as an index beyond the end of a list.
//
// Nothing that a template does takes long: text, nesting and work are bounded.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "observe/template/functions.h"
#include "observe/template/value.h"

namespace spotkeeper::observe {

namespace syntax {
struct Document;
}

class Template {
 public:
  static constexpr std::size_t kLongestSource = std::size_t{64} << 10;
  static constexpr std::size_t kLongestText = std::size_t{256} << 10;  // of the result, and of any value on the way
  static constexpr std::size_t kMostWork = std::size_t{1} << 20;  // steps of one rendering; a value costs by its size

  /// InvalidInput: "line 2, column 14: no function is named 'uper'; did you mean 'upper'?".
  static Result<Template> parse(std::string_view source);

  /// InvalidInput if it names a field that `sample`, a value of the kind that it will be rendered with, has not, or a
  /// field of what has none. Contents of the sample do not matter; of maps and lists the type of the elements does.
  [[nodiscard]] Result<void> check(const TemplateValue& sample) const;

  /// The text. An error says where and why: "line 1, column 4: index: index out of range: 3".
  [[nodiscard]] Result<std::string> render(const TemplateValue& data, const TemplateContext& context) const;

 private:
  explicit Template(std::shared_ptr<const syntax::Document> document) : document_(std::move(document)) {}
  std::shared_ptr<const syntax::Document> document_;
};

}  // namespace spotkeeper::observe
