#include "tests/engine/conformance/files.h"

#include <zstd.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace wavetank::conformance_test {

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string unpack(const std::string& packed) {
  const auto size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  REQUIRE(size < (64U << 20));
  std::string out(size, '\0');
  REQUIRE(ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size()) == out.size());
  return out;
}

void for_each_kept_file(const std::filesystem::path& folder,
                        const std::function<void(const std::string&, const std::string&)>& take) {
  std::vector<std::filesystem::path> files;
  for (const auto& f : std::filesystem::directory_iterator(folder)) {
    if (f.path().extension() == ".zst") files.push_back(f.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) take(unpack(slurp(file)), file.stem().string());
}

void for_each_kept(const std::function<void(conformance::Case&&)>& take) {
  for_each_kept_file("tests/golden/scheduler", [&](const std::string& text, const std::string& name) {
    base::Diagnostics problems;
    conformance::for_each_case(text, name, take, problems);
    CHECK(base::to_text(problems) == "");
  });
}

std::filesystem::path shared_data() {
  const char* named = std::getenv("WAVETANK_SHARED");
  return std::filesystem::path(named != nullptr ? named : "../shared") / "golden" / "scheduler";
}

}  // namespace wavetank::conformance_test
