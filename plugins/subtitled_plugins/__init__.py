"""The plugins that come with subtitled, each written as a third party would write it."""
