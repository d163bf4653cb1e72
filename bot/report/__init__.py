"""What is said about a review: everything here is rendered from one `bot.model.Review`."""
