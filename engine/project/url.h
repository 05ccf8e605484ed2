#pragma once
// The URLs that `wavetank route` and expectations ask about: http://host[:port]/path. No user, no IPv6, no fragment;
// what follows "?" is kept apart. Source: RFC 3986, as much of it as a client sends.

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace wavetank::project {

struct Url {
  std::string scheme;      ///< "http" or "https"
  std::string host;        ///< In lower case, without a trailing dot.
  std::uint16_t port = 0;  ///< 80 or 443 where none is written.
  std::string path = "/";  ///< As written, "/" at least.
  std::string query;       ///< What follows "?".
  bool absolute = false;   ///< The host ended with a dot: no search list.
  std::string text;        ///< As written.
};

/// Error: what is wrong and what is allowed, on one line.
base::Result<Url> parse_url(std::string_view text);

/// An IPv4 address in its usual form.
bool is_address(std::string_view text);

}  // namespace wavetank::project
