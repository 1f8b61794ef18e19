#include "model/pod.h"

namespace spotkeeper {

std::vector<std::string> Pod::claims() const {
  std::vector<std::string> out = spec->claims;
  for (std::string& claim : out)
    if (const auto star = claim.find('*'); star != std::string::npos) claim.replace(star, 1, name.name);
  return out;
}

}  // namespace spotkeeper
