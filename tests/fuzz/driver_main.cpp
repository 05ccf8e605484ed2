// Drives a fuzzer without libFuzzer: first every file of its seed corpus, then N mutations of them, the same on every
// run. A crash leaves its input in fuzz_<name>.crash-input beside the program: give that file as the only argument to
// run it again.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

// splitmix64 (Steele, Lea, Flood 2014): the driver must not depend on what it tests, so it has its own.
class Random {
 public:
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }

 private:
  std::uint64_t state_ = 1;
};

Bytes read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Sorted by name: a directory's own order differs between machines.
std::vector<Bytes> read_corpus(const fs::path& folder) {
  std::vector<fs::path> paths;
  if (fs::is_directory(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> corpus;
  for (const fs::path& path : paths) corpus.push_back(read(path));
  return corpus;
}

std::ptrdiff_t at(std::size_t i) { return static_cast<std::ptrdiff_t>(i); }

// One small damage, of the kinds that find parser bugs: a flipped bit, a strange byte, a cut, a repeat, a splice.
void mutate(Bytes& bytes, const std::vector<Bytes>& corpus, Random& random) {
  static constexpr std::uint8_t kStrange[] = {0, 0xff, 0x80, 0x7f, '\n', '\t', ':', '-', '{', '[', '"', '&', '*', '%'};
  const std::size_t place = bytes.empty() ? 0 : random.below(bytes.size());
  const std::size_t length = bytes.empty() ? 0 : std::min(random.below(32) + 1, bytes.size() - place);
  switch (random.below(6)) {
    case 0:
      if (!bytes.empty()) bytes[place] ^= static_cast<std::uint8_t>(1U << random.below(8));
      break;
    case 1:
      if (!bytes.empty()) bytes[place] = kStrange[random.below(std::size(kStrange))];
      break;
    case 2:
      bytes.insert(bytes.begin() + at(place), kStrange[random.below(std::size(kStrange))]);
      break;
    case 3:
      bytes.erase(bytes.begin() + at(place), bytes.begin() + at(place + length));
      break;
    case 4: {
      const Bytes piece(bytes.begin() + at(place), bytes.begin() + at(place + length));
      for (std::size_t n = random.below(8); n > 0; --n) {
        bytes.insert(bytes.begin() + at(place), piece.begin(), piece.end());
      }
      break;
    }
    default: {
      const Bytes& other = corpus[random.below(corpus.size())];
      const std::size_t from = other.empty() ? 0 : random.below(other.size());
      bytes.resize(place);
      bytes.insert(bytes.end(), other.begin() + at(from), other.end());
    }
  }
}

class Driver {
 public:
  explicit Driver(fs::path crash_file) : crash_file_(std::move(crash_file)) {}

  void run(const Bytes& bytes) {
    std::ofstream(crash_file_, std::ios::binary | std::ios::trunc)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    ++inputs_;
  }
  [[nodiscard]] int finish() const {
    fs::remove(crash_file_);
    std::printf("%zu inputs\n", inputs_);
    return EXIT_SUCCESS;
  }

 private:
  fs::path crash_file_;
  std::size_t inputs_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER MUTATIONS | INPUT_FILE\n", argv[0]);
    return 2;
  }
  const fs::path self(argv[0]);
  Driver driver(self.parent_path() / (self.filename().string() + ".crash-input"));
  if (argc == 2) {
    const Bytes bytes = read(argv[1]);
    return LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }

  std::vector<Bytes> corpus = read_corpus(argv[1]);
  for (const Bytes& bytes : corpus) driver.run(bytes);
  if (corpus.empty()) corpus.emplace_back();
  Random random;
  for (long n = std::strtol(argv[2], nullptr, 10); n > 0; --n) {
    Bytes bytes = corpus[random.below(corpus.size())];
    for (std::size_t damages = random.below(4) + 1; damages > 0; --damages) mutate(bytes, corpus, random);
    driver.run(bytes);
  }
  return driver.finish();
}
