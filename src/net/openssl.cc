#include "net/openssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace spotkeeper::net {
namespace {

using OwnedBio = Owned<BIO, BIO_free_all>;

OwnedBio bio_of(std::string_view text) { return OwnedBio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

// Never asks a person at the terminal, which is what OpenSSL does by itself.
int no_passphrase(char*, int, int, void*) { return -1; }

bool about_certificates(unsigned long error) {
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return false;
  switch (ERR_GET_REASON(error)) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED: return true;
    default: return false;
  }
}

}  // namespace

Error openssl_error(std::string_view doing) {
  const unsigned long first = ERR_get_error();
  ERR_clear_error();
  const char* reason = first == 0 ? nullptr : ERR_reason_error_string(first);
  Error error{ErrorCode::Unavailable, std::string(doing) + ": " + (reason != nullptr ? reason : "it failed")};
  const int library = ERR_GET_LIB(first);
  if (about_certificates(first)) error.code = ErrorCode::Unauthorized;
  if (library == ERR_LIB_PEM || library == ERR_LIB_ASN1 || library == ERR_LIB_X509)
    error.code = ErrorCode::InvalidInput;
  return error;
}

Result<std::vector<OwnedCertificate>> read_certificates(std::string_view pem) {
  ERR_clear_error();
  const OwnedBio bio = bio_of(pem);
  std::vector<OwnedCertificate> certificates;
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)) {
    certificates.emplace_back(certificate);
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (certificates.empty() && at_end) return fail(ErrorCode::InvalidInput, "there is no PEM certificate in it");
  if (!at_end) {
    Error error = openssl_error("reading a PEM certificate");
    error.code = ErrorCode::InvalidInput;
    return fail(std::move(error));
  }
  ERR_clear_error();
  return certificates;
}

Result<OwnedKey> read_private_key(std::string_view pem) {
  ERR_clear_error();
  const OwnedBio bio = bio_of(pem);
  OwnedKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (key) return key;
  Error error = openssl_error("reading a PEM private key");
  error.code = ErrorCode::InvalidInput;
  return fail(std::move(error));
}

std::vector<std::string> names_in(const X509_NAME* name, int nid) {
  std::vector<std::string> values;
  for (int at = X509_NAME_get_index_by_NID(name, nid, -1); at >= 0; at = X509_NAME_get_index_by_NID(name, nid, at)) {
    const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    unsigned char* utf8 = nullptr;
    const int length = ASN1_STRING_to_UTF8(&utf8, value);
    if (length < 0) continue;
    values.emplace_back(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(length));
    OPENSSL_free(utf8);
  }
  return values;
}

}  // namespace spotkeeper::net
