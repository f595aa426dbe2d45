"""What the till to try says in its own words; all else that it shows are the service's answers."""

from collections.abc import Mapping

from promo.checkout.refusals import Noted
from promo.language import Language

_ = Noted()
WORDS: Mapping[str, str] = {
    "title": _.text("Till to try"),
    "real": _.text("For training. What is paid here is booked: void it when you are done."),
    "store_key": _.text("Store key"),
    "key_hint": _.text("It stays in this page's memory and is gone when you close the page."),
    "key_made": _.text("A key for this till is made with"),
    "open": _.text("Open the till"),
    "scan": _.text("Scan or type a list, a card or an item"),
    "scan_hint": _.text("3*code for three of it, code @2.49 for a price of its own"),
    "enter": _.text("Enter"),
    "basket": _.text("Basket"),
    "empty": _.text("Nothing has been scanned yet."),
    "total": _.text("Total"),
    "saved": _.text("Saved"),
    "to_pay": _.text("To pay"),
    "pay": _.text("Pay"),
    "hold": _.text("Hold"),
    "void": _.text("Void the last sale"),
    "cancel": _.text("New sale"),
    "paid": _.text("Paid"),
    "receipt": _.text("Receipt {number}"),
    "voided": _.text("Taken back"),
    "bring_back": _.text("Return one"),
    "bring_all": _.text("Return everything"),
    "brought": _.text("{count} returned"),
    "remove": _.text("Take it off"),
    "list": _.text("List"),
    "no_list": _.text("Scan a list or a card, and every offer on it comes off by itself."),
    "good_until": _.text("Good until {day}"),
    "coupon": _.text("Coupon"),
    "others": _.text("Without an offer"),
    "buy": _.text("buy {count}"),
    "used": _.text("used"),
    "no_price": _.text("No price is known for this item: type it behind the code, such as {entry}"),
    "nothing": _.text("This is no list, card or item that we know."),
    "no_entry": _.text("That was not understood. Try code, 3*code or code @2.49"),
    "nothing_to_pay": _.text("There is nothing to pay: scan a list, a card or an item first."),
    "no_sale": _.text("There is no sale to take back."),
    "no_answer": _.text("There is no answer. Pay again: the same sale is sent, and counts once."),
    "unreached": _.text("The service does not answer. Please try again."),
    "held": _.text("The offers are held for this basket."),
    "no_command": _.text("That was not understood. Type ? for what can be typed."),
    "terminal": _.text("Scan or type a list, a card or an item; ? for help."),
    "help_help": _.text("this help"),
    "help_numbered": _.text("an item by its number in the list shown"),
    "help_card": _.text("open the list of a card"),
    "help_list": _.text("show the list, its offers and items for them"),
    "help_basket": _.text("show the basket"),
    "help_off": _.text("take line 2 off"),
    "help_hold": _.text("hold the offers until it is paid"),
    "help_pay": _.text("pay; after no answer, send the same sale again"),
    "help_return": _.text("bring the last sale back: all of it; of line 2 one piece"),
    "help_void": _.text("take the last sale back as if it had never been"),
    "help_new": _.text("begin a new sale"),
    "help_quit": _.text("close the till"),
    "welcome": _.text("The till is open. Scan a list first."),
}  # fmt: skip


def spoken(language: Language) -> dict[str, str]:
    """All of them in a language, with their `{names}` left to be filled."""
    return {name: language.text(message) for name, message in WORDS.items()}
