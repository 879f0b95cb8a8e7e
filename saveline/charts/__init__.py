"""Pictures: one spec each, drawn as SVG and as PNG, with no browser and no network."""
