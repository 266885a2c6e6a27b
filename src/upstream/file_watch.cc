#include "upstream/file_watch.h"

#include <sys/stat.h>

#include <optional>
#include <utility>

namespace hawser::upstream {

namespace {

std::optional<FileStamp> stamp_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileStamp{.device = status.st_dev,
                   .inode = status.st_ino,
                   .size = status.st_size,
                   .modified_seconds = status.st_mtim.tv_sec,
                   .modified_nanoseconds = status.st_mtim.tv_nsec,
                   .changed_seconds = status.st_ctim.tv_sec,
                   .changed_nanoseconds = status.st_ctim.tv_nsec};
}

}  // namespace

FileNews refresh_file(const std::string& path, const ReadServerList& read, KnownFile& known) {
  // Taken before the file is read: what is written to it meanwhile is seen next time.
  const std::optional<FileStamp> stamp = stamp_of(path);
  if (known.was_read && stamp == known.stamp) return FileNews::none;
  config::ServerListResult result = read(path);
  known.was_read = true;
  known.stamp = stamp;
  known.diagnostics = std::move(result.diagnostics);
  known.is_sound = result.servers.has_value();
  if (!known.is_sound) return FileNews::unsound;
  known.servers = std::move(result.servers);
  return FileNews::sound;
}

}  // namespace hawser::upstream
