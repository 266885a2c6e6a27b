#include "tls/tls_scratch.h"

#include <openssl/bio.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace hawser::tls {
namespace {

// One piece of kPlainCapacity becomes that many bytes of records and at most this much around them.
constexpr std::size_t kRecordOverhead = std::size_t{4} * 1024;

}  // namespace

// The shared BIO's methods: reading takes from the current input, writing appends to the output.
struct ScratchBio {
  static TlsScratch& scratch(BIO* bio) noexcept { return *static_cast<TlsScratch*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* out, std::size_t size, std::size_t* taken) noexcept {
    BIO_clear_retry_flags(bio);
    std::span<const std::byte>* const input = scratch(bio).input_;
    if (input == nullptr || input->empty()) {
      BIO_set_retry_read(bio);
      *taken = 0;
      return -1;
    }
    *taken = std::min(size, input->size());
    std::memcpy(out, input->data(), *taken);
    *input = input->subspan(*taken);
    return 1;
  }

  static int write(BIO* bio, const char* bytes, std::size_t size, std::size_t* written) noexcept {
    BIO_clear_retry_flags(bio);
    *written = 0;
    try {
      const auto* const begin = reinterpret_cast<const std::byte*>(bytes);
      scratch(bio).output_.insert(scratch(bio).output_.end(), begin, begin + size);
    } catch (const std::bad_alloc&) {
      return 0;
    }
    *written = size;
    return 1;
  }

  static long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) noexcept {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static BIO_METHOD* create_method() {
    BIO_METHOD* const method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "hawser");
    if (method == nullptr) throw std::bad_alloc();
    BIO_meth_set_read_ex(method, read);
    BIO_meth_set_write_ex(method, write);
    BIO_meth_set_ctrl(method, control);
    return method;
  }

  static void free(BIO* bio) noexcept { BIO_free(bio); }
};

TlsScratch::TlsScratch()
    : plain_(std::make_unique_for_overwrite<std::byte[]>(event::kReadHeadroom + kPlainCapacity)),
      method_(ScratchBio::create_method(), BIO_meth_free),
      bio_(BIO_new(method_.get()), ScratchBio::free) {
  if (bio_ == nullptr) throw std::bad_alloc();
  output_.reserve(kPlainCapacity + kRecordOverhead);
  BIO_set_data(bio_.get(), this);
  BIO_set_init(bio_.get(), 1);
}

TlsScratch::~TlsScratch() = default;

bio_st* TlsScratch::share_bio() const noexcept {
  BIO_up_ref(bio_.get());
  return bio_.get();
}

}  // namespace hawser::tls
