#pragma once
// The golden cases as files: those kept here, and the shared ones where they are.

#include <filesystem>
#include <functional>
#include <string>

#include "engine/conformance/conformance.h"

namespace wavetank::conformance_test {

std::string slurp(const std::filesystem::path& path);
std::string unpack(const std::string& packed);
/// Calls take(text, name) for each unpacked file of a folder, in order of name ("cases.jsonl").
void for_each_kept_file(const std::filesystem::path& folder,
                        const std::function<void(const std::string&, const std::string&)>& take);
/// All cases kept under tests/golden/scheduler, in order of family and name.
void for_each_kept(const std::function<void(conformance::Case&&)>& take);
/// ../shared/golden/scheduler, or below the folder that WAVETANK_SHARED names.
std::filesystem::path shared_data();

}  // namespace wavetank::conformance_test
