// Who asks the served world's API, and what they may do: administrators everything, everybody else nothing but
// discovery. That is RBAC as it is on a fresh cluster, with one binding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"
#include "net/tls.h"
#include "sim/serve/render.h"
#include "sim/serve/resources.h"

namespace spotkeeper::sim::serve {

/// The token of a user without rights ("nobody"): what a client does that is known and may do nothing. It is no secret.
inline constexpr std::string_view kNobodyToken = "nobody-token";

struct Caller {
  std::string user;
  bool administrator = false;  // of the group system:masters
};

/// By bearer token (the administrator's, or `kNobodyToken`) or verified client certificate, and then by the
/// impersonation headers of an administrator. None: nobody we know, 401. An empty `administrator_token` lets everybody
/// in as one.
[[nodiscard]] std::optional<Caller> identify(const net::HttpHeaders& headers,
                                             const std::optional<net::TlsStream::PeerSubject>& certificate,
                                             std::string_view administrator_token);

/// 403 in the API server's words.
[[nodiscard]] StatusDetails forbidden(const Caller& caller, std::string_view verb, const ResourcePath& path);

}  // namespace spotkeeper::sim::serve
