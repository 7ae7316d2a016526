#include "core/idempotency.hpp"

#include "core/digest.hpp"

namespace tse::core {

std::string fingerprint(const NewTask& spec) {
  Digest digest(fingerprint_version);
  digest.text(spec.operation);
  digest.optional_text(spec.install_id);
  digest.optional_text(spec.package_id);
  digest.optional_text(spec.package_slug);
  digest.optional_number(spec.package_version);
  digest.optional_text(spec.payload);
  digest.optional_text(spec.retry_of);
  return digest.value();
}

std::optional<Error> check_same(const Replay& first, const NewTask& spec) {
  if (first.version != fingerprint_version)
    return Error{Code::idempotency_mismatch,
                 "idempotency_key: it was used by another version of taskstate, whose request cannot be compared"};
  if (first.fingerprint != fingerprint(spec))
    return Error{Code::idempotency_mismatch, "idempotency_key: it was used for a task with other content"};
  return std::nullopt;
}

}  // namespace tse::core
