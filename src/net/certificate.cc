#include "net/certificate.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "net/address.h"
#include "net/openssl.h"

namespace spotkeeper::net {
namespace {

using OwnedBio = Owned<BIO, BIO_free_all>;

std::string text_of(const OwnedBio& bio) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(length)};
}

Result<void> add_name(X509_NAME* name, const char* field, const std::string& value) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(value.data());
  if (X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, bytes, static_cast<int>(value.size()), -1, 0) == 1)
    return {};
  return fail(openssl_error("setting the subject's " + std::string(field)));
}

Result<void> set_times(X509* certificate, Instant from, Instant to) {
  const auto seconds = [](Instant t) { return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count(); };
  const bool set = ASN1_TIME_set(X509_getm_notBefore(certificate), seconds(from)) != nullptr &&
                   ASN1_TIME_set(X509_getm_notAfter(certificate), seconds(to)) != nullptr;
  if (!set) return fail(openssl_error("setting the validity"));
  return {};
}

Result<void> set_serial(X509* certificate) {
  const Owned<BIGNUM, BN_free> serial(BN_new());
  if (BN_rand(serial.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) != 1 ||
      BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) == nullptr) {
    return fail(openssl_error("drawing a serial number"));
  }
  return {};
}

Result<void> add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  if (extension && X509_add_ext(certificate, extension.get(), -1) == 1) return {};
  return fail(openssl_error("adding an extension"));
}

// A new key with a certificate that lacks extensions and signature.
struct Draft {
  OwnedCertificate certificate;
  OwnedKey key;
};

Result<Draft> draft_of(const CertificateRequest& request) {
  ERR_clear_error();
  Draft draft;
  draft.key.reset(EVP_EC_gen("P-256"));
  draft.certificate.reset(X509_new());
  if (!draft.key || !draft.certificate) return fail(openssl_error("making a key"));
  X509* certificate = draft.certificate.get();
  X509_set_version(certificate, X509_VERSION_3);
  SK_CHECK(set_serial(certificate));
  SK_CHECK(set_times(certificate, request.not_before, request.not_after));
  X509_NAME* subject = X509_get_subject_name(certificate);
  for (const std::string& organization : request.organizations) SK_CHECK(add_name(subject, "O", organization));
  SK_CHECK(add_name(subject, "CN", request.common_name));
  X509_set_pubkey(certificate, draft.key.get());
  return draft;
}

Result<CertificatePem> sign(const Draft& draft, EVP_PKEY* key) {
  if (X509_sign(draft.certificate.get(), key, EVP_sha256()) == 0) return fail(openssl_error("signing"));
  const OwnedBio certificate(BIO_new(BIO_s_mem()));
  const OwnedBio private_key(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(certificate.get(), draft.certificate.get());
  PEM_write_bio_PrivateKey(private_key.get(), draft.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return CertificatePem{text_of(certificate), text_of(private_key)};
}

// "DNS:a.example,IP:127.0.0.1"; a name with a comma would become two.
Result<std::string> alternative_names(const std::vector<std::string>& hosts) {
  std::string names;
  for (const std::string& host : hosts) {
    if (host.empty() || host.find_first_of(",; \t\r\n") != std::string::npos) {
      return fail(ErrorCode::InvalidInput, "not a host: '" + host + "'");
    }
    if (!names.empty()) names += ',';
    const auto ip = SocketAddress::parse(host, 0);
    names += ip ? "IP:" + ip->ip() : "DNS:" + host;
  }
  return names;
}

}  // namespace

Result<CertificatePem> make_ca(const std::string& common_name, Instant not_before, Instant not_after) {
  SK_TRY(const Draft draft, draft_of({common_name, {}, {}, not_before, not_after}));
  X509* certificate = draft.certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  SK_CHECK(add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE"));
  SK_CHECK(add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign"));
  SK_CHECK(add_extension(certificate, certificate, NID_subject_key_identifier, "hash"));
  return sign(draft, draft.key.get());
}

Result<CertificatePem> issue_certificate(const CertificatePem& ca, const CertificateRequest& request) {
  SK_TRY(const auto issuers, read_certificates(ca.certificate_pem));
  SK_TRY(const auto issuer_key, read_private_key(ca.key_pem));
  SK_TRY(const std::string names, alternative_names(request.hosts));
  SK_TRY(const Draft draft, draft_of(request));
  X509* certificate = draft.certificate.get();
  X509* issuer = issuers.front().get();
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  SK_CHECK(add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE"));
  SK_CHECK(add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature"));
  SK_CHECK(add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth,clientAuth"));
  SK_CHECK(add_extension(certificate, issuer, NID_authority_key_identifier, "keyid"));
  if (!names.empty()) SK_CHECK(add_extension(certificate, issuer, NID_subject_alt_name, names));
  return sign(draft, issuer_key.get());
}

}  // namespace spotkeeper::net
