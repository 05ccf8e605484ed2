#include "engine/project/url.h"

#include <fmt/format.h>

#include <algorithm>

namespace wavetank::project {
namespace {

constexpr std::size_t kLongest = 2048;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_host_char(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_'; }
/// Unreserved, sub-delims, ":", "@", "/" and "?", and "%" of an escape.
bool is_path_char(char c) {
  constexpr std::string_view kMarks = "-._~!$&'()*+,;=:@/%";
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || kMarks.find(c) != std::string_view::npos;
}

std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 60)) out += c >= ' ' && c < '\x7f' ? c : '?';
  return out + (text.size() > 60 ? "…" : "");
}

/// What is wrong with a host; empty: nothing.
std::string host_problem(std::string_view host) {
  if (host.empty()) return "there is no host";
  if (host.front() == '[') return "IPv6 addresses are not modelled";
  if (host.size() > 253) return "the host is longer than 253 characters";
  for (const char c : host)
    if (!is_host_char(c)) return fmt::format("\"{}\" may not be in a host", shown(std::string_view(&c, 1)));
  while (!host.empty()) {
    const std::string_view label = host.substr(0, host.find('.'));
    if (label.empty()) return "the host has an empty label";
    if (label.size() > 63) return "a label of the host is longer than 63 characters";
    if (label.front() == '-' || label.back() == '-') return "a label of the host begins or ends with \"-\"";
    if (label.size() == host.size()) break;
    host.remove_prefix(label.size() + 1);
    if (host.empty()) return "the host has an empty label";
  }
  return "";
}

std::string path_problem(std::string_view path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '?' && !is_path_char(path[i]))
      return fmt::format("\"{}\" may not be in a path: write it as %XX", shown(path.substr(i, 1)));
    if (path[i] == '%' && (i + 2 >= path.size() || !is_hex(path[i + 1]) || !is_hex(path[i + 2])))
      return "\"%\" in a path needs two hex digits after it";
  }
  return "";
}

/// "80" as a port; 0: it is none.
std::uint16_t read_port(std::string_view text) {
  std::uint32_t n = 0;
  if (text.empty() || text.size() > 5 || !std::all_of(text.begin(), text.end(), is_digit)) return 0;
  for (const char c : text) n = n * 10 + static_cast<std::uint32_t>(c - '0');
  return n <= 65535 ? static_cast<std::uint16_t>(n) : std::uint16_t{0};
}

}  // namespace

base::Result<Url> parse_url(std::string_view text) {
  const auto fail = [&](std::string_view what) {
    return base::failure(fmt::format("\"{}\" is not a URL we can ask: {}", shown(text), what));
  };
  if (text.size() > kLongest) return fail(fmt::format("it is longer than {} characters", kLongest));
  Url out;
  out.text = std::string(text);
  std::string_view rest = text;
  const std::size_t colon = rest.find("://");
  if (colon == std::string_view::npos) return fail("write http://HOST[:PORT]/PATH");
  for (const char c : rest.substr(0, colon)) out.scheme += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  constexpr std::string_view kSchemes[] = {"http", "https", "tcp", "udp", "sctp"};
  if (std::find(std::begin(kSchemes), std::end(kSchemes), out.scheme) == std::end(kSchemes))
    return fail(fmt::format("its scheme is \"{}\"; http, https, tcp, udp and sctp are allowed", shown(out.scheme)));
  rest.remove_prefix(colon + 3);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, end);
  rest.remove_prefix(end);
  if (authority.find('@') != std::string_view::npos) return fail("a user name is not allowed");
  if (rest.find('#') != std::string_view::npos) return fail("a fragment (#…) is never sent");
  out.port = out.scheme == "https" ? 443 : out.scheme == "http" ? 80 : 0;
  if (const std::size_t at = authority.rfind(':'); at != std::string_view::npos && authority.front() != '[') {
    out.port = read_port(authority.substr(at + 1));
    if (out.port == 0) return fail("the port must be a number from 1 to 65535");
    authority = authority.substr(0, at);
  }
  for (const char c : authority) out.host += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (out.host.size() > 1 && out.host.back() == '.') {
    out.host.pop_back();
    out.absolute = true;
  }
  if (const std::string problem = host_problem(out.host); !problem.empty()) return fail(problem);
  if (out.port == 0) return fail(fmt::format("it has no port: write {}://HOST:PORT", out.scheme));
  if (!out.is_http() && !rest.empty() && rest != "/") return fail(fmt::format("{} has no path", out.scheme));
  if (const std::string problem = path_problem(rest); !problem.empty()) return fail(problem);
  const std::size_t mark = std::min(rest.find('?'), rest.size());
  out.path = mark == 0 ? "/" : std::string(rest.substr(0, mark));
  if (mark < rest.size()) out.query = std::string(rest.substr(mark + 1));
  return out;
}

bool is_address(std::string_view text) {
  int parts = 0;
  while (true) {
    const std::string_view part = text.substr(0, text.find('.'));
    const std::uint16_t number = part == "0" ? std::uint16_t{0} : read_port(part);
    if (part.size() > 3 || (number == 0 && part != "0") || number > 255 || (part.size() > 1 && part.front() == '0'))
      return false;
    ++parts;
    if (part.size() == text.size()) return parts == 4;
    text.remove_prefix(part.size() + 1);
  }
}

}  // namespace wavetank::project
