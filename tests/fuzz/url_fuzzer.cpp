// The URL reader survives any input; what it reads keeps its promises and reads the same when written again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/project/url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wavetank::project;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(is_address(text));
  const auto url = parse_url(text);
  if (!url) {
    const bool one_line = !url.error().empty() && url.error().front().message.find('\n') == std::string::npos;
    return one_line ? 0 : (std::abort(), 0);
  }
  if (url->port == 0 || url->host.empty() || url->host.size() > 253 || !url->path.starts_with('/')) std::abort();
  const std::string again = url->scheme + "://" + url->host + (url->absolute ? "." : "") + ":" +
                            std::to_string(url->port) + url->path + (url->query.empty() ? "" : "?" + url->query);
  const auto second = parse_url(again);
  if (!second || second->host != url->host || second->port != url->port || second->path != url->path ||
      second->query != url->query || second->absolute != url->absolute)
    std::abort();
  return 0;
}
