#include "net/url.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "net/address.h"

namespace spotkeeper::net {
namespace {

bool alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool unreserved(char c) { return alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

tl::unexpected<Error> wrong(std::string why) { return fail(ErrorCode::InvalidInput, "not a URL: " + std::move(why)); }

// Visible ASCII, and every % followed by two digits.
Result<void> check_characters(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c > '~' || std::string_view("\"<>\\^`{|}").find(c) != std::string_view::npos) {
      return wrong("a character does not belong in it");
    }
  }
  const auto decoded = percent_decode(text);
  if (!decoded) return fail(decoded.error());
  return {};
}

Result<std::string> parse_host(std::string_view text) {
  if (text.empty()) return wrong("it has no host");
  if (text.front() == '[') {
    const auto ip = SocketAddress::parse(text, 0);
    if (!ip || ip->family() != AF_INET6) return wrong("the brackets hold no IPv6 address");
    return ip->ip();
  }
  if (text.size() > 253 || !std::ranges::all_of(text, unreserved)) return wrong("its host is not a name");
  return lower(text);
}

// [user[:password]@]host[:port]
Result<void> parse_authority(std::string_view text, Url& url) {
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    const std::string_view info = text.substr(0, at);
    const auto colon = info.find(':');
    SK_TRY(url.user, percent_decode(info.substr(0, colon)));
    if (colon != std::string_view::npos) {
      SK_TRY(url.password, percent_decode(info.substr(colon + 1)));
    }
    text.remove_prefix(at + 1);
  }
  const auto bracket = text.rfind(']');
  const auto colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  SK_TRY(url.origin.host, parse_host(text.substr(0, colon)));
  url.origin.port = url.origin.tls() ? 443 : 80;
  // "http://host:/" is allowed to leave the number out.
  if (colon != std::string_view::npos && colon + 1 < text.size()) {
    auto port = parse_int<std::uint16_t>(text.substr(colon + 1), 1);
    SK_TRY(url.origin.port, std::move(port).within("not a URL: its port"));
  }
  return {};
}

}  // namespace

std::string Origin::authority() const {
  std::string text = host_and_port();
  if (port == (tls() ? 443 : 80)) text.erase(text.rfind(':'));
  return text;
}

std::string Origin::host_and_port() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return name + ":" + std::to_string(port);
}

std::string Origin::text() const { return scheme + "://" + authority(); }

std::string Url::target() const {
  std::string text = path.empty() ? "/" : path;
  if (!query.empty()) text += "?" + query;
  return text;
}

Result<Url> parse_url(std::string_view text) {
  SK_CHECK(check_characters(text));
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return wrong("it has no scheme");
  Url url;
  url.origin.scheme = lower(text.substr(0, scheme_end));
  if (url.origin.scheme != "http" && url.origin.scheme != "https") return wrong("its scheme is neither http nor https");
  text.remove_prefix(scheme_end + 3);
  text = text.substr(0, text.find('#'));
  const auto authority_end = std::min(text.find_first_of("/?"), text.size());
  SK_CHECK(parse_authority(text.substr(0, authority_end), url));
  text.remove_prefix(authority_end);
  const auto question = text.find('?');
  url.path = text.substr(0, question);
  if (question != std::string_view::npos) url.query = text.substr(question + 1);
  return url;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    if (unreserved(c)) {
      result += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    result += '%';
    result += kDigits[byte >> 4U];
    result += kDigits[byte & 15U];
  }
  return result;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    const auto high = i + 1 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
    if (!high || !low) return fail(ErrorCode::InvalidInput, "a % is not followed by two hexadecimal digits");
    result += static_cast<char>(*high << 4U | *low);
    i += 2;
  }
  return result;
}

}  // namespace spotkeeper::net
