#include "model/shared_text.h"

namespace spotkeeper {

const std::string& SharedText::empty_text() {
  static const std::string empty;
  return empty;
}

}  // namespace spotkeeper
