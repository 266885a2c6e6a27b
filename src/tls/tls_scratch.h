// What all TLS streams of one loop thread share: the buffers that bytes pass through, behind one BIO that every SSL
// object reads from and writes to, so that an idle connection owns none. One per loop; outlives its streams.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "event/byte_stream.h"

struct bio_st;
struct bio_method_st;

namespace hawser::tls {

class TlsScratch {
 public:
  // Plain bytes gathered before they are handed on; also the largest piece encrypted at once.
  static constexpr std::size_t kPlainCapacity = std::size_t{64} * 1024;

  TlsScratch();
  TlsScratch(const TlsScratch&) = delete;
  TlsScratch& operator=(const TlsScratch&) = delete;
  ~TlsScratch();

 private:
  friend class TlsStream;
  friend struct ScratchBio;

  // While it lives, SSL objects read from `input`, which is shortened by what they took. Scopes nest: a write from
  // inside on_bytes opens its own, with no input, and leaves the outer one as it was.
  class InputScope {
   public:
    InputScope(TlsScratch& scratch, std::span<const std::byte>& input) noexcept
        : scratch_(scratch), outer_(scratch.input_) {
      scratch_.input_ = &input;
    }
    InputScope(const InputScope&) = delete;
    InputScope& operator=(const InputScope&) = delete;
    ~InputScope() { scratch_.input_ = outer_; }

   private:
    TlsScratch& scratch_;
    std::span<const std::byte>* outer_;
  };

  // A new reference to the shared BIO.
  [[nodiscard]] bio_st* share_bio() const noexcept;
  [[nodiscard]] std::span<std::byte> plain() noexcept { return {plain_.get() + event::kReadHeadroom, kPlainCapacity}; }

  std::unique_ptr<std::byte[]> plain_;           // takes no memory before TLS is used
  std::vector<std::byte> output_;                // encrypted, on its way to one stream's transport
  std::span<const std::byte>* input_ = nullptr;  // encrypted, not yet read; null outside any scope
  std::unique_ptr<bio_method_st, void (*)(bio_method_st*)> method_;
  std::unique_ptr<bio_st, void (*)(bio_st*)> bio_;
};

}  // namespace hawser::tls
