// What discovery has found out so far: the answers of DNS and the contents of watched files, by what was asked. Plain
// values, filled by a Discoverer; main thread.
#pragma once

#include <sys/types.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "config/config.h"
#include "config/location.h"
#include "event/resolver.h"
#include "upstream/wanted_names.h"

namespace hawser::upstream {

// Of one kind the one vector is used, of the other the other.
struct NameAnswer {
  std::vector<IpAddress> addresses;
  std::vector<event::ServiceRecord> records;
  Duration ttl{};
  event::Missing missing =
      event::Missing::nothing;  // addresses of this kind are from an earlier answer, if there are any
  [[nodiscard]] std::size_t size() const noexcept { return addresses.size() + records.size(); }
};

struct KnownName {
  std::optional<NameAnswer> answer;  // the last good one, whatever happened since
  std::optional<Error> failure;      // of the last try; nothing: that was answered
  std::uint32_t failures = 0;        // in a row
  std::uint32_t incomplete = 0;      // answers in a row with a kind of address missing, whatever failed between them
  TimePoint tried{};                 // when the last try ended

  [[nodiscard]] bool was_tried() const noexcept { return answer.has_value() || failure.has_value(); }
  [[nodiscard]] bool is_failing() const noexcept { return failure.has_value() || incomplete > 0; }
  // Takes what a try at `time` brought. A failure keeps what is known, and a kind of address that is missing in the
  // answer stays as it was. True where something else is known now.
  [[nodiscard]] bool take(Result<NameAnswer> tried_answer, TimePoint time);
  // How many addresses there are of the kind that the last answer could not tell.
  [[nodiscard]] std::size_t count_kept() const;
};

// Tells one state of a file from the next: also when another file took its name, or the link to it was replaced.
struct FileStamp {
  dev_t device{};
  ino_t inode{};
  std::int64_t size = 0;
  std::int64_t modified_seconds = 0;
  std::int64_t modified_nanoseconds = 0;
  std::int64_t changed_seconds = 0;
  std::int64_t changed_nanoseconds = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

struct KnownFile {
  bool was_read = false;
  std::optional<FileStamp> stamp;                      // before it was read last; nothing: there was no such file
  std::optional<std::vector<config::Server>> servers;  // what it held when it was sound; nothing: it never was
  config::Diagnostics diagnostics;                     // of the last read
  bool is_sound = false;                               // the last read was, so that `servers` is what the file says
};

class KnownNames {
 public:
  // Null when nobody tried yet.
  [[nodiscard]] const KnownName* find(const Question& question) const;
  [[nodiscard]] bool was_tried(const Question& question) const;
  // Whether everything was asked at least once, with whatever outcome.
  [[nodiscard]] bool were_tried(const WantedNames& wanted) const;
  // The last good answer; null when there never was one.
  [[nodiscard]] const NameAnswer* answer_to(const Question& question) const;
  [[nodiscard]] const KnownFile* find_file(const std::string& path) const;

  [[nodiscard]] KnownName& name(const Question& question) { return names_[question]; }
  [[nodiscard]] KnownFile& file(const std::string& path) { return files_[path]; }

  void forget(const Question& question) { names_.erase(question); }
  void forget_file(const std::string& path) { files_.erase(path); }
  // Forgets all that is not wanted.
  void keep_only(const WantedNames& wanted);

 private:
  std::map<Question, KnownName> names_;
  std::map<std::string, KnownFile> files_;
};

}  // namespace hawser::upstream
