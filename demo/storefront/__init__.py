"""The demo shop's pages, 云杉户外 / Spruce Outfitters, with the chat widget on each of them.

`create_site` makes an ASGI application that the gateway serves at "/". It reads the same database
as the assistant and knows nothing of conversations: the two meet in the browser, as in any shop,
by the one line that loads the widget and by the identity that `/account/identity` signs.
"""

from demo.storefront.site import create_site

__all__ = ["create_site"]
