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

void for_each_kept(const std::function<void(conformance::Case&&)>& take) {
  std::vector<std::filesystem::path> files;
  for (const auto& f : std::filesystem::directory_iterator("tests/golden/scheduler")) {
    if (f.path().extension() == ".zst") files.push_back(f.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    base::Diagnostics problems;
    conformance::for_each_case(unpack(slurp(file)), file.stem().string(), take, problems);
    CHECK(base::to_text(problems) == "");
  }
}

std::filesystem::path shared_data() {
  const char* named = std::getenv("WAVETANK_SHARED");
  return std::filesystem::path(named != nullptr ? named : "../shared") / "golden" / "scheduler";
}

}  // namespace wavetank::conformance_test
