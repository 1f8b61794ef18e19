// What tls.cc and certificate.cc share about OpenSSL. For them alone.
#pragma once

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace spotkeeper::net {

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
/// An OpenSSL object that is freed with the function of its type.
template <class T, auto free>
using Owned = std::unique_ptr<T, Freed<free>>;

using OwnedCertificate = Owned<X509, X509_free>;
using OwnedKey = Owned<EVP_PKEY, EVP_PKEY_free>;

/// What OpenSSL says went wrong last, and forgets it. A certificate or key that the peer refused is Unauthorized,
/// unreadable input is InvalidInput, everything else Unavailable.
[[nodiscard]] Error openssl_error(std::string_view doing);

/// Every certificate of a PEM, at least one.
Result<std::vector<OwnedCertificate>> read_certificates(std::string_view pem);
/// The unencrypted private key of a PEM.
Result<OwnedKey> read_private_key(std::string_view pem);

/// The values that a subject or issuer has for one kind of name.
[[nodiscard]] std::vector<std::string> names_in(const X509_NAME* name, int nid);

}  // namespace spotkeeper::net
