"""``python -m saveline.web``: the web server, as ``saveline up`` starts it."""

from saveline.web.serving import main

raise SystemExit(main())
