#include "base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace spotkeeper {
namespace {

using ::testing::HasSubstr;

TEST(ReadFile, GivesEveryByte) {
  const std::string path = ::testing::TempDir() + "read_file_bytes";
  const std::string bytes("a\0b\nc", 5);
  std::ofstream(path, std::ios::binary) << bytes;
  EXPECT_EQ(read_file(path).value(), bytes);
  std::filesystem::remove(path);
}

TEST(ReadFile, SaysWhichFileIsMissingTooLongOrADirectory) {
  const auto missing = read_file("/nowhere/at/all");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("/nowhere/at/all"));

  const auto endless = read_file("/dev/zero", 1000);
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().code, ErrorCode::InvalidInput);

  const auto folder = read_file("/tmp");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, ErrorCode::InvalidInput);
}

TEST(WriteFile, PutsTheContentInThePlaceOfWhatWasThere) {
  const std::string path = ::testing::TempDir() + "write_file";
  ASSERT_TRUE(write_file(path, "something longer"));
  ASSERT_TRUE(write_file(path, std::string("a\0b", 3)));
  EXPECT_EQ(read_file(path).value(), std::string("a\0b", 3));
  std::filesystem::remove(path);
}

TEST(WriteFile, SaysWhichFileCouldNotBeWritten) {
  const auto nowhere = write_file("/nowhere/at/all", "x");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, ErrorCode::NotFound);
  EXPECT_THAT(nowhere.error().message, HasSubstr("can't write /nowhere/at/all"));
  const auto full = write_file("/dev/full", "x");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::Unavailable);
}

}  // namespace
}  // namespace spotkeeper
