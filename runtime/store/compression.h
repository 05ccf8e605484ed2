#pragma once
// zstd with its working memory kept between calls.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/store/sqlite.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace wavetank::store {

class Compressor {
 public:
  explicit Compressor(int level);
  /// `out` becomes the compressed form; its room is used again.
  void compress(ByteSpan raw, Bytes& out);

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
};

class Decompressor {
 public:
  Decompressor();
  /// `out` becomes the raw form of `size` bytes. Error: what is wrong with the compressed one.
  OrFault<void> decompress(ByteSpan compressed, std::uint64_t size, Bytes& out) const;

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
};

/// A whole .zst file. Error: what is wrong with it; more than `limit` bytes are not unpacked.
OrFault<std::string> unpack_file(std::string_view compressed, std::size_t limit);

}  // namespace wavetank::store
