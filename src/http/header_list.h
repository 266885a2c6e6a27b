// The fields of one message head in their order, as one block of text and offsets into it, so that a head costs two
// allocations. Any thread, one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::http {

struct Header {
  std::string_view name;  // as received
  std::string_view value;
};

// Names compare without case. Views handed out live until the list is changed; none of them may be an argument of add
// or set on the same list.
class HeaderList {
 public:
  void reserve(std::size_t fields, std::size_t bytes);
  void clear() noexcept;
  void add(std::string_view name, std::string_view value);
  // Removes every field of the name, then adds one.
  void set(std::string_view name, std::string_view value);
  // How many there were.
  std::size_t remove(std::string_view name);

  [[nodiscard]] std::size_t size() const noexcept { return fields_.size(); }
  [[nodiscard]] Header at(std::size_t index) const noexcept {
    const Field& field = fields_[index];
    return {name_of(field), value_of(field)};
  }
  // The first of that name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
  // The one of that name; nothing when there are more.
  [[nodiscard]] std::optional<std::string_view> find_only(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
  // Whether any field of that name has `token` as a member of its comma-separated list, without case.
  [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const noexcept;

 private:
  struct Field {
    std::uint32_t name_offset, name_size, value_offset, value_size;
  };
  [[nodiscard]] std::string_view name_of(const Field& field) const noexcept {
    return {text_.data() + field.name_offset, field.name_size};
  }
  [[nodiscard]] std::string_view value_of(const Field& field) const noexcept {
    return {text_.data() + field.value_offset, field.value_size};
  }

  std::string text_;
  std::vector<Field> fields_;
};

}  // namespace hawser::http
