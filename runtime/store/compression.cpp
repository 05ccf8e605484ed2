#include "runtime/store/compression.h"

#include <fmt/format.h>
#include <zstd.h>

#include "engine/base/assert.h"

namespace wavetank::store {

void Compressor::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }
void Decompressor::Free::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

Compressor::Compressor(int level) : context_(ZSTD_createCCtx()) {
  WT_ASSERT(context_ != nullptr, "out of memory");
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
}

void Compressor::compress(ByteSpan raw, Bytes& out) {
  out.resize(ZSTD_compressBound(raw.size()));
  const std::size_t size = ZSTD_compress2(context_.get(), out.data(), out.size(), raw.data(), raw.size());
  WT_ASSERT(ZSTD_isError(size) == 0, ZSTD_getErrorName(size));  // with room enough only memory can fail it
  out.resize(size);
}

Decompressor::Decompressor() : context_(ZSTD_createDCtx()) { WT_ASSERT(context_ != nullptr, "out of memory"); }

OrFault<void> Decompressor::decompress(ByteSpan compressed, std::uint64_t size, Bytes& out) const {
  // The frame tells its size too: a row that lies about it cannot make us allocate.
  const std::uint64_t told = ZSTD_getFrameContentSize(compressed.data(), compressed.size());
  if (told != size) return tl::unexpected(fmt::format("not {} compressed bytes", size));
  out.resize(size);
  const std::size_t got =
      ZSTD_decompressDCtx(context_.get(), out.data(), out.size(), compressed.data(), compressed.size());
  if (ZSTD_isError(got) != 0) return tl::unexpected(fmt::format("zstd: {}", ZSTD_getErrorName(got)));
  if (got != size) return tl::unexpected(fmt::format("{} bytes instead of {}", got, size));
  return {};
}

OrFault<std::string> unpack_file(std::string_view compressed, std::size_t limit) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  WT_ASSERT(context != nullptr, "out of memory");
  std::string out;
  std::string block(ZSTD_DStreamOutSize(), '\0');
  ZSTD_inBuffer in{compressed.data(), compressed.size(), 0};
  std::size_t left = 1;  // 0: a frame has ended
  while (in.pos < in.size) {
    ZSTD_outBuffer to{block.data(), block.size(), 0};
    left = ZSTD_decompressStream(context.get(), &to, &in);
    if (ZSTD_isError(left) != 0) return tl::unexpected(fmt::format("zstd: {}", ZSTD_getErrorName(left)));
    if (out.size() + to.pos > limit) return tl::unexpected(fmt::format("more than {} bytes when unpacked", limit));
    out.append(block.data(), to.pos);
    while (to.pos == to.size && left != 0) {  // what is still in the decoder
      to = {block.data(), block.size(), 0};
      left = ZSTD_decompressStream(context.get(), &to, &in);
      if (ZSTD_isError(left) != 0) return tl::unexpected(fmt::format("zstd: {}", ZSTD_getErrorName(left)));
      if (out.size() + to.pos > limit) return tl::unexpected(fmt::format("more than {} bytes when unpacked", limit));
      out.append(block.data(), to.pos);
    }
  }
  if (left != 0) return tl::unexpected(std::string("zstd: the file is cut off"));
  return out;
}

}  // namespace wavetank::store
