// The parameters: reading, refusing, spreading, and that README.md shows them.
#include "sim/world/world_params.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

using namespace wavetank;
using namespace wavetank::world;

TEST_CASE("A value is read by its unit") {
  struct Row {
    const char* name;
    const char* value;
    Param param;
    std::int64_t read;
    int spread;
  };
  for (const Row row :
       {Row{"image.bandwidth", "50MB/s", Param::ImageBandwidth, 50'000'000, 0},
        Row{"image.bandwidth", "400Mbit/s", Param::ImageBandwidth, 50'000'000, 0},
        Row{"image.bandwidth", "64MiB/s", Param::ImageBandwidth, 64 << 20, 0},
        Row{"image.size", "1.5G", Param::ImageSize, 1'500'000'000, 0}, Row{"image.size", "0", Param::ImageSize, 0, 0},
        Row{"app.ready_after", "1m30s", Param::AppReadyAfter, 90'000'000'000, 0},
        Row{"app.ready_after", "2s ±20%", Param::AppReadyAfter, 2'000'000'000, 20},
        Row{"app.ready_after", "2s+-5%", Param::AppReadyAfter, 2'000'000'000, 5},
        Row{"app.exits_after", "never", Param::AppExitsAfter, kNever, 0},
        Row{"app.exit_code", "3", Param::AppExitCode, 3, 0}}) {
    INFO(row.name << " = " << row.value);
    WorldParams params;
    REQUIRE(params.set(row.name, row.value).has_value());
    CHECK(params.get(row.param) == ParamValue{row.read, row.spread});
  }
}

TEST_CASE("What is wrong is said, with what would be right") {
  struct Row {
    const char* name;
    const char* value;
    const char* message;
  };
  for (const Row row :
       {Row{"image.bandwith", "1MB/s",
            "no parameter of the world is called \"image.bandwith\"; did you mean \"image.bandwidth\"?"},
        Row{"image.bandwidth", "fast", "image.bandwidth: \"fast\" is not a rate such as 50MB/s or 400Mbit/s"},
        Row{"image.bandwidth", "0", "image.bandwidth: \"0\" is not a rate such as 50MB/s or 400Mbit/s"},
        Row{"image.size", "-1", "image.size: \"-1\" is not an amount such as 100MB or 64MiB"},
        Row{"app.ready_after", "2", "app.ready_after: \"2\" is not a duration such as 2s, 500ms or 2s ±20%"},
        Row{"app.ready_after", "-2s", "app.ready_after: \"-2s\" is not a duration such as 2s, 500ms or 2s ±20%"},
        Row{"app.ready_after", "2s ±200%",
            "app.ready_after: \"2s ±200%\" is not a duration such as 2s, 500ms or 2s ±20%"},
        Row{"app.ready_after", "never", "app.ready_after: \"never\" is not a duration such as 2s, 500ms or 2s ±20%"},
        Row{"app.exits_after", "soon",
            "app.exits_after: \"soon\" is not a duration such as 2s, 500ms or 2s ±20%, or never"},
        Row{"restart.backoff_first", "0s",
            "restart.backoff_first: \"0s\" is not a duration such as 2s, 500ms or 2s ±20%, at least 1s"},
        Row{"app.exit_code", "256", "app.exit_code: \"256\" is not a whole number from 0 to 255"},
        Row{"image.bandwidth[x]", "1MB/s", "\"image.bandwidth[x]\": image.bandwidth is the same for all images"},
        Row{"image.size[]", "1MB", "\"image.size[]\": the pattern is empty"}}) {
    WorldParams params;
    const auto done = params.set(row.name, row.value);
    REQUIRE_FALSE(done.has_value());
    CHECK(base::to_text(done.error()) == row.message);
  }
}

TEST_CASE("Of values for images the last that fits counts") {
  WorldParams params;
  REQUIRE(params.set("image.size[*/shop/*]", "1MB").has_value());
  REQUIRE(params.set("image.size[*/cart]", "2MB").has_value());
  CHECK(params.get(Param::ImageSize, "gcr.io/shop/cart:v1").value == 2'000'000);
  CHECK(params.get(Param::ImageSize, "gcr.io/shop/ad:v1").value == 1'000'000);
  CHECK(params.get(Param::ImageSize, "nginx").value == 100'000'000);
}

TEST_CASE("Patterns of images: as written, without tag, and in full") {
  struct Row {
    const char* pattern;
    const char* image;
    bool fits;
  };
  for (const Row row :
       {Row{"nginx", "nginx:1.25", true}, Row{"nginx:1.2?", "nginx:1.25", true}, Row{"nginx:*", "nginx", true},
        Row{"docker.io/library/nginx", "nginx", false}, Row{"docker.io/library/nginx:*", "nginx", true},
        Row{"docker.io/bitnami/*", "bitnami/redis:7", true}, Row{"redis", "bitnami/redis:7", false},
        Row{"*redis", "bitnami/redis:7", true}, Row{"localhost:5000/x", "localhost:5000/x:1", true},
        Row{"a*b*c", "aXbXbXc", true}, Row{"a*b*c", "aXbXbX", false}, Row{"", "x", false}, Row{"*", "x", true}}) {
    INFO(row.pattern << " on " << row.image);
    CHECK(matches_image(row.pattern, row.image) == row.fits);
  }
  CHECK(full_image_name("nginx") == "docker.io/library/nginx:latest");
  CHECK(full_image_name("bitnami/redis:7") == "docker.io/bitnami/redis:7");
  CHECK(full_image_name("localhost:5000/x") == "localhost:5000/x:latest");
  CHECK(full_image_name("gcr.io/x@sha256:ab") == "gcr.io/x@sha256:ab");
}

TEST_CASE("A spread is uniform around its value, and the same for the same subject") {
  const base::Stream stream(1, "s");
  std::int64_t least = INT64_MAX, most = 0, sum = 0;
  constexpr int kDraws = 10'000;
  for (std::uint64_t n = 0; n < kDraws; ++n) {
    const std::int64_t ns = spread({2'000'000'000, 20}, stream, n).ns;
    least = std::min(least, ns);
    most = std::max(most, ns);
    sum += ns;
  }
  CHECK(least >= 1'600'000'000);
  CHECK(least < 1'601'000'000);
  CHECK(most <= 2'400'000'000);
  CHECK(most > 2'399'000'000);
  CHECK(std::abs(sum / kDraws - 2'000'000'000) < 5'000'000);
  CHECK(spread({2'000'000'000, 0}, stream, 7).ns == 2'000'000'000);
  CHECK(spread({kNever, 0}, stream, 7).ns == kNever);
}

TEST_CASE("The table is sorted by name, has every parameter once, and README.md shows it") {
  const auto table = param_table();
  for (std::size_t i = 1; i < table.size(); ++i) CHECK(table[i - 1].name < table[i].name);
  for (std::size_t i = 0; i < table.size(); ++i) CHECK(static_cast<std::size_t>(table[i].param) == i);
  std::ifstream in("sim/world/README.md");
  const std::string readme{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  CHECK(readme.find(params_markdown()) != std::string::npos);
}
