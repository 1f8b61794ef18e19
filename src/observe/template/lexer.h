// A template as tokens. Blanks inside an action are tokens, too: they separate arguments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "observe/template/syntax.h"

namespace spotkeeper::observe::syntax {

struct Token {
  enum class Kind : std::uint8_t {
    Text,   // between actions, already trimmed
    Open,   // {{
    Close,  // }}
    Blank,
    Word,   // an identifier or a keyword
    Field,  // .Name; `text` is without the dot
    Dot,
    Variable,   // with its $
    Number,     // as written
    Character,  // as written, with its quotes
    String,     // unquoted
    Declare,    // :=
    Assign,     // =
    Pipe,
    Comma,
    OpenParenthesis,
    CloseParenthesis,
    End,  // of the template
  };
  Kind kind = Kind::End;
  Place place;
  std::string text;
};

/// InvalidInput with the place of what is wrong. The last token is End.
Result<std::vector<Token>> tokenize(std::string_view text);

/// Go's escapes in a quoted string or character, from behind the quote up to the closing one.
Result<std::string> unescape(std::string_view inner, char quote_mark, Place place);

}  // namespace spotkeeper::observe::syntax
