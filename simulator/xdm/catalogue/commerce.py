"""What was looked at, put into the cart and bought."""

from __future__ import annotations

from simulator.xdm.catalogue.dsl import (
    array,
    boolean,
    deprecated,
    each,
    integer,
    integers,
    number,
    numbers,
    obj,
    one_of,
    required,
    shared,
    string,
    strings,
)
from simulator.xdm.catalogue.place import geo_members
from simulator.xdm.catalogue.scalars import currency, instant, measure, uri, uri_reference

_PAYMENT_TYPES = (
    "cash",
    "credit_card",
    "debit_card",
    "gift_card",
    "check",
    "paypal",
    "wire_transfer",
    "credit_card_reference",
    "other",
)

address = shared(
    "address",
    obj(
        **geo_members(),
        primary=boolean(),
        **strings("label street1 street2 street3 street4 region country state statusReason"),
        postOfficeBox=string(max_length=20),
        status=string(
            suggested=("active", "incomplete", "pending_verification", "blacklisted", "blocked"),
            default="active",
        ),
        lastVerifiedDate=string(format="date"),
        _repo=obj(**each("createDate modifyDate discardDate expires", instant()), lastPublishedTime=string()),
        createdByBatchID=uri_reference(),
        modifiedByBatchID=uri_reference(),
        **strings("repositoryCreatedBy repositoryLastModifiedBy"),
    ),
)

category = shared("category", obj(**strings("categoryID categoryName categoryPath")))

return_item = shared(
    "returnItem",
    obj(
        **strings("returnStatus returnReason returnItemCondition returnResolution"),
        **integers(
            "returnQuantityRequested returnQuantityAuthorized returnQuantityReceived returnQuantityApproved"
        ),
        returnQuanitityAuthorized=deprecated(integer("Misspelt name of `returnQuantityAuthorized`.")),
    ),
)

product_list_item = shared(
    "productListItem",
    obj(
        "One line of a cart or an order.",
        SKU=required(string("Key of the product; the name is in capitals.")),
        _id=uri_reference("Id of the line."),
        product=uri("Id of the product."),
        name=string(),
        quantity=integer("Units."),
        priceTotal=number("Price of the whole line."),
        discountAmount=number(),
        refundAmount=number(),
        currencyCode=currency(),
        **strings("productAddMethod productImageUrl unitOfMeasureCode"),
        selectedOptions=array(
            obj("The variant chosen.", attribute=required(string()), value=required(string()))
        ),
        productCategories=array(category),
        returnItem=return_item,
    ),
)

payment = shared(
    "payment",
    obj(
        transactionID=string(),
        paymentAmount=number("Payments add up to the total of the order."),
        paymentType=string(suggested=_PAYMENT_TYPES, default="other"),
        currencyCode=currency(),
    ),
)

refund = shared(
    "refund",
    obj(
        transactionID=string(),
        refundAmount=number(),
        refundReason=one_of("return", "price_adjustment", default="other"),
        refundPaymentType=one_of(*_PAYMENT_TYPES, default="other"),
        currencyCode=currency(),
    ),
)

order = shared(
    "order",
    obj(
        purchaseID=string("The seller's id of the order."),
        purchaseOrderNumber=string("The buyer's number of the order."),
        currencyCode=currency(),
        priceTotal=number("After discounts and tax."),
        **numbers("taxAmount discountAmount refundTotal"),
        orderType=one_of("checkout", "instant_purchase"),
        **each("createdDate lastUpdatedDate cancelDate", instant()),
        payments=array(payment),
        refunds=array(refund),
        returns=shared("return", obj(**strings("returnID returnStatus purchaseID"))),
    ),
)

shipping = shared(
    "shipping",
    obj(
        address=address,
        shippingMethod=string(),
        shippingAmount=number(),
        trackingNumber=number("A number, not a text."),
        trackingURL=string(),
        shippingDestination=one_of("home", "store"),
        currencyCode=currency(),
        shipDate=instant(),
    ),
)

commerce = shared(
    "commerce",
    obj(
        "Each measure counts one kind of step; the items are in `productListItems` beside it.",
        **each(
            "productViews productListOpens productListReopens productListAdds productListRemovals "
            "productListViews saveForLaters cartAbandons checkouts purchases inStorePurchase instantPurchase "
            "requisitionListOpens requisitionListDeletes requisitionListAdds requisitionListRemovals",
            measure,
        ),
        order=order,
        promotionID=string(),
        cart=shared("cart", obj(**strings("cartID cartSource"))),
        shipping=shipping,
        billing=shared("billing", obj(address=address)),
        requisitionList=shared("requisitionList", obj(**strings("ID name description"))),
        commerceScope=shared(
            "commerceScope",
            obj("Which shop.", **strings("environmentID websiteCode storeCode storeViewCode")),
        ),
    ),
)
