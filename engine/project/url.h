#pragma once
// The URLs that `wavetank route` and expectations ask about: http://host[:port]/path, or tcp://host:port and
// udp://host:port where it is about a port and no more. No user, no IPv6, no fragment; what follows "?" is kept apart.
// Source: RFC 3986, as much of it as a client sends.

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/model/types.h"

namespace wavetank::project {

struct Url {
  std::string scheme;      ///< "http", "https", "tcp", "udp" or "sctp"
  std::string host;        ///< In lower case, without a trailing dot.
  std::uint16_t port = 0;  ///< 80 or 443 where none is written; the others have to name it.
  std::string path = "/";  ///< As written, "/" at least.
  std::string query;       ///< What follows "?".
  bool absolute = false;   ///< The host ended with a dot: no search list.
  std::string text;        ///< As written.

  [[nodiscard]] model::Protocol protocol() const {
    return scheme == "udp" ? model::Protocol::UDP : scheme == "sctp" ? model::Protocol::SCTP : model::Protocol::TCP;
  }
  [[nodiscard]] bool is_http() const { return scheme.starts_with("http"); }
};

/// Error: what is wrong and what is allowed, on one line.
base::Result<Url> parse_url(std::string_view text);

/// An IPv4 address in its usual form.
bool is_address(std::string_view text);

}  // namespace wavetank::project
