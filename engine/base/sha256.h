#pragma once
// SHA-256 (FIPS 180-4), for names that Kubernetes makes of it: VolumeAttachments.

#include <string>
#include <string_view>

namespace wavetank::base {

/// The digest as 64 lower-case hexadecimal digits. O(text).
std::string sha256_hex(std::string_view text);

}  // namespace wavetank::base
